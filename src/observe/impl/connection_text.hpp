// The per-connection families, written in one pass: a buffer for each family, since a family must be
// contiguous.
#pragma once

#include "model/read_view.hpp"
#include "observe/metrics.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::observe {

struct Family;

class ConnectionText {
 public:
  ConnectionText(ConnectionDetail detail, std::size_t limit, std::size_t expected);

  /// In the order of connection ids; those beyond the limit are counted, not written.
  void add(const ConnectionPicture& picture, std::string_view source_connector,
           std::string_view destination_connector);
  [[nodiscard]] std::uint64_t omitted() const { return omitted_; }
  /// Bytes that append_to() will add at most.
  [[nodiscard]] std::size_t size() const;
  void append_to(std::string& out) const;

 private:
  struct Column {
    const Family* family;
    std::string prefix;  ///< everything up to the connection's id
    std::string text;
  };

  void line(std::size_t column);
  void instant(std::size_t column, Instant at);
  void ratio(std::size_t column, double value);
  void integer(std::size_t column, std::int64_t value);
  void info(const ConnectionPicture& picture, std::string_view source_connector,
            std::string_view destination_connector);

  ConnectionDetail detail_;
  std::size_t limit_;
  std::size_t written_ = 0;
  std::uint64_t omitted_ = 0;
  std::string id_;
  std::vector<Column> columns_;
};

}  // namespace syncwarden::observe

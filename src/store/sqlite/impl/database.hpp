// SQLite's C interface as two owning types whose failures are values. sqlite3.h stays in the .cpp.
#pragma once

#include "base/error.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace syncwarden::store {

class Database;

/// A prepared statement, made to be used again and again: reset(), bind in order, step() or run().
class Statement {
 public:
  Statement() = default;

  /// Forgets the row and the bindings; the next bind is of parameter 1.
  Statement& reset();
  Statement& bind(std::int64_t value);
  /// `value` must live until the statement has been stepped through.
  Statement& bind(std::string_view value);
  /// Keeps its own copy.
  Statement& bind_copy(std::string_view value);
  Statement& bind_null();
  Statement& bind(std::optional<std::int64_t> value) { return value ? bind(*value) : bind_null(); }

  enum class Step : std::uint8_t { row, done };
  [[nodiscard]] Result<Step> step();
  /// Steps to the end and resets.
  [[nodiscard]] Result<void> run();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view name(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const Database* database_ = nullptr;
  int next_ = 1;
  int bind_error_ = 0;
};

/// One connection. Used by one thread at a time. Statements point at it: it stays where it is.
class Database {
 public:
  enum class Access : std::uint8_t { read_write, read_only };

  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// `path` must exist. Waits at most `busy_ms` for another program's lock, here and later.
  [[nodiscard]] Result<void> open(const std::string& path, Access access, int busy_ms);
  [[nodiscard]] Result<void> execute(const char* sql) const;
  [[nodiscard]] Result<Statement> prepare(std::string_view sql) const;
  /// The first column of the first row.
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql) const;
  [[nodiscard]] Result<std::string> word(std::string_view sql) const;
  /// Ends a transaction that failed; does nothing where SQLite has already rolled back.
  void roll_back() const noexcept;
  /// Carries the write-ahead log over into the file, as far as readers allow, and gives cached pages back.
  /// What fails here is done by a later commit, which reports it.
  void rest() const noexcept;
  [[nodiscard]] bool is_read_only() const;
  /// Statements fail soon after `stop` becomes true. It must outlive the connection.
  void stop_when(const std::atomic<bool>& stop) const;
  /// SQLite's result code as the error that a person can act on.
  [[nodiscard]] Error error(int code, std::string_view what) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

/// "restore a backup, or move the file away ...": what every store_corrupt error says.
[[nodiscard]] std::string corrupt_hint(const std::string& path);

}  // namespace syncwarden::store

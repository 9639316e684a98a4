// How the commands speak with the daemon: its address, and its JSON API.
#pragma once

#include "app/answer.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace syncwarden::app {

/// Where a daemon's Unix socket usually is.
inline constexpr const char* usual_unix_socket = "/run/syncwarden/api.sock";

/// Where a server that listens on `address` is reached from this machine.
[[nodiscard]] std::string local_url(const std::string& address);

/// --url, --config.file and --json, as every command that asks the daemon takes them.
struct DaemonFlags {
  std::string url;   ///< "http://…", or "unix:/path" of a socket; wins over the file
  std::string file;  ///< the daemon's configuration, for where it listens
  bool json = false;

  /// `file_too`: false where the command has --config.file for something else as well.
  void add_to(CLI::App& command, bool file_too = true);
  /// A URL, or "unix:/path". Without --url: the Unix socket that the file names, or the usual one where no
  /// file is given, if this user may write to it; else the listen address. Errc::invalid_config when the file
  /// is wrong; its problems are printed.
  [[nodiscard]] Result<std::string> address() const;
};

class DaemonClient {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DaemonClient>> make(const DaemonFlags& flags);

  /// `target` below /api/v1/. An error is the daemon's own, or says that it is out of reach and what to do.
  [[nodiscard]] Result<Answer> get(const std::string& target);
  [[nodiscard]] Result<Answer> post(const std::string& target, const std::string& body,
                                    const std::string& key = {});

  /// From now on SIGINT and SIGTERM end pauses, and not the process.
  void catch_signals();
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// Waits; false as soon as a signal came.
  [[nodiscard]] bool pause(Millis duration);

  std::string user;  ///< how the audit names whoever asks; empty: not told
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  DaemonClient(std::string url, std::string base_path);
  [[nodiscard]] Result<Answer> ask(http::Request request, bool idempotent);

  std::string url_;
  std::string base_path_;
  Secret token_;  ///< of a user of the daemon; empty: none
  boost::asio::io_context loop_{1};
  std::unique_ptr<http::Client> client_;
  boost::asio::signal_set signals_{loop_};
  bool interrupted_ = false;
};

/// "connections/<name>" with the name encoded.
[[nodiscard]] std::string path_of(std::string_view collection, std::string_view name);
/// "?a=b&c=d"; empty values are left out.
[[nodiscard]] std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters);
/// The name of the user of this process; empty where the system does not know it.
[[nodiscard]] std::string user_name();

/// A connection, --match GLOB, or --all --yes: what pause, resume and cancel are about.
struct Selection {
  std::string connection, match;
  bool all = false;
  bool yes = false;

  void add_to(CLI::App& command);
  /// Nothing: exactly one of them is given, and everything is meant.
  [[nodiscard]] std::optional<Error> mistake() const;
  /// Members of a request's body, for json_of().
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> texts() const;
  [[nodiscard]] std::vector<std::string> flags() const;
};

/// "--at: "soon" is no time".
[[nodiscard]] Error bad_moment(std::string_view given, std::string_view flag);
/// A time on the command line as a parameter for the daemon; empty stays empty.
[[nodiscard]] Result<std::string> instant_parameter(const std::string& given, Instant now,
                                                    std::string_view flag);
/// Prints what was done, or the error; the exit status.
int report_done(const Result<Answer>& answer, bool json);

/// Prints an error of the daemon, and gives the exit status that belongs to it: what it does not know or
/// understand is 2, the daemon or Airbyte out of reach 3.
int report_answer(const Error& error);

}  // namespace syncwarden::app

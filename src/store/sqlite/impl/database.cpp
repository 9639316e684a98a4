#include "store/sqlite/impl/database.hpp"

#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

namespace syncwarden::store {

std::string corrupt_hint(const std::string& path) {
  return fmt::format(
      "restore a backup, or move {} and its -wal and -shm files away to start with an empty state; an empty "
      "state knows no earlier ticks and runs",
      path);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Statement& Statement::reset() {
  // The code of the last step once more: it was reported when it happened.
  sqlite3_reset(statement_.get());
  next_ = 1;
  bind_error_ = SQLITE_OK;
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_.get(), next_++, value); code != SQLITE_OK) {
    bind_error_ = code;
  }
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  // A null pointer would become NULL, which is not the empty text.
  const char* data = value.data() == nullptr ? "" : value.data();
  const int code =
      sqlite3_bind_text64(statement_.get(), next_++, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_copy(std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  const int code =
      sqlite3_bind_text64(statement_.get(), next_++, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind_null() {
  if (const int code = sqlite3_bind_null(statement_.get(), next_++); code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<Statement::Step> Statement::step() {
  if (bind_error_ != SQLITE_OK) return database_->error(bind_error_, "binding a value");
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return Step::row;
  if (code == SQLITE_DONE) return Step::done;
  auto error = database_->error(code, "");
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    const auto stepped = step();
    if (!stepped) return stepped.error();
    if (*stepped == Step::done) break;
  }
  reset();
  return {};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
std::string_view Statement::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string_view{} : std::string_view{data, size};
}
std::string_view Statement::name(int column) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  return name == nullptr ? std::string_view{} : std::string_view{name};
}

Result<void> Database::open(const std::string& path, Access access, int busy_ms) {
  // Nobody asks SQLite how much memory it uses, so it need not take a lock at every allocation to count it.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  path_ = path;
  const int mode = access == Access::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) return error(code, "opening the state file");
  sqlite3_busy_timeout(handle, busy_ms);
  return {};
}

Result<void> Database::execute(const char* sql) const {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "");
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement statement;
  statement.statement_.reset(raw);
  statement.database_ = this;
  // Our own text is correct SQL: what does not prepare is a table that is not as we left it.
  if (code == SQLITE_ERROR) {
    return Error{Errc::store_corrupt,
                 fmt::format("the tables were changed: {}", sqlite3_errmsg(handle_.get())), path_,
                 corrupt_hint(path_)};
  }
  if (code != SQLITE_OK) return error(code, "");
  return statement;
}

Result<std::int64_t> Database::number(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto step = statement->step();
  if (!step) return step.error();
  return *step == Statement::Step::row ? statement->integer(0) : std::int64_t{0};
}

Result<std::string> Database::word(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto step = statement->step();
  if (!step) return step.error();
  return *step == Statement::Step::row ? std::string{statement->text(0)} : std::string{};
}

void Database::roll_back() const noexcept {
  if (sqlite3_get_autocommit(handle_.get()) == 0) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Database::rest() const noexcept {
  (void)sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  (void)sqlite3_db_release_memory(handle_.get());
}

bool Database::is_read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }

void Database::stop_when(const std::atomic<bool>& stop) const {
  constexpr int steps_between_looks = 1'000;
  sqlite3_progress_handler(
      handle_.get(), steps_between_looks,
      [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; },
      const_cast<std::atomic<bool>*>(&stop));  // SQLite hands it back unchanged
}

Error Database::error(int code, std::string_view what) const {
  auto text = fmt::format("{}{}{}", what, what.empty() ? "" : ": ",
                          handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code));
  const int primary = code & 0xFF;
  const int system = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
  const bool tells_errno = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
  if (tells_errno && system != 0) text += fmt::format(", {}", std::strerror(system));
  text += fmt::format(" (SQLite code {})", code);
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::store_corrupt, "the state file is damaged: " + text, path_, corrupt_hint(path_)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::store_locked, "another program is using the state file: " + text, path_,
              "let it finish or end it; a sqlite3 shell with an open transaction does this"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::file_unwritable, fmt::format("uid {} cannot use the state file: {}", geteuid(), text),
              path_, "the file, its -wal and -shm files and their directory must belong to this user"};
    case SQLITE_CONSTRAINT:
      return {Errc::internal, "the state store refused a row: " + text, path_,
              "this is a bug in syncwarden: please report it"};
    default:
      return {Errc::store_failed, "the state store failed: " + text, path_,
              "nothing was written; look at the disk: space, quota, health"};
  }
}

}  // namespace syncwarden::store

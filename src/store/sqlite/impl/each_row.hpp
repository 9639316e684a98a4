// A query's rows, read one by one until one makes no sense.
#pragma once

#include "base/error.hpp"
#include "store/sqlite/impl/database.hpp"

#include <string>
#include <utility>
#include <vector>

namespace syncwarden::store {

/// `statement` has its parameters. Resets it at the end.
template <class T, class Visit>
Result<void> each_row(const Database& database, Statement& statement,
                      Result<T> (*read)(const Statement&, const std::string&), const Visit& visit) {
  for (;;) {
    const auto step = statement.step();
    if (!step) return step.error();
    if (*step == Statement::Step::done) break;
    auto row = read(statement, database.path());
    if (!row) return row.error();
    visit(std::move(*row));
  }
  statement.reset();
  return {};
}

template <class T, class Visit>
Result<void> each_row(const Database& database, const std::string& sql,
                      Result<T> (*read)(const Statement&, const std::string&), const Visit& visit) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  return each_row(database, *statement, read, visit);
}

}  // namespace syncwarden::store

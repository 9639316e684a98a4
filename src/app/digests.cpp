// Daily messages of receivers that ask for one: their hour comes, the past is read, one row is written.
#include "app/notifications.hpp"
#include "notify/digest.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::app {
namespace {

namespace asio = boost::asio;

constexpr Millis look_every{std::chrono::seconds{10}};
constexpr Millis day{std::chrono::hours{24}};
/// Of ended runs and jobs; beyond that the digest says "at least".
constexpr std::size_t most_pages = 50;

/// The past since then, in pages from the newest on; has_more where it was too long.
template <class Row, class Key>
struct Pages {
  std::vector<Row> rows;
  std::set<Key> seen;
  bool has_more = false;
  bool failed = false;  ///< the store did not answer
};

/// `page_in` finds the rows in an answer, `id_of` and `time_of` what they are told apart and ordered by.
template <class Row, class Key>
asio::awaitable<Pages<Row, Key>> read_pages(Store& store, HistoryQuery query,
                                            std::vector<Row> HistoryPage::*page_in, Key (*id_of)(const Row&),
                                            Instant (*time_of)(const Row&)) {
  Pages<Row, Key> out;
  query.limit = history_rows_at_most;
  for (std::size_t page = 0; page < most_pages; ++page) {
    auto asked = query;
    auto read = co_await store.read(std::move(asked));
    out.failed = !read;
    if (!read || ((*read).*page_in).empty()) co_return out;
    auto& rows = (*read).*page_in;
    const std::size_t count = rows.size();
    const Instant oldest = time_of(rows.back());
    for (Row& row : rows) {
      if (out.seen.insert(id_of(row)).second) out.rows.push_back(std::move(row));
    }
    if (count < history_rows_at_most) co_return out;
    // Rows of exactly that time may come twice; if a page is nothing else, what is left of it stays unread.
    out.has_more = out.has_more || oldest == query.until;
    query.until = oldest == query.until ? oldest - Millis{1} : oldest;
  }
  out.has_more = true;
  co_return out;
}

asio::awaitable<Pages<Run, RunId>> read_runs(Store& store, Instant from, Instant until) {
  HistoryQuery query;
  query.what = HistoryQuery::What::runs;
  query.from = from;
  query.until = until;
  return read_pages<Run, RunId>(
      store, std::move(query), &HistoryPage::runs, [](const Run& run) { return run.id; },
      [](const Run& run) { return run.nominal; });
}

asio::awaitable<Pages<JobRecord, JobId>> read_ends(Store& store, Instant from, Instant until) {
  HistoryQuery query;
  query.what = HistoryQuery::What::jobs;
  query.from = from;
  query.until = until;
  return read_pages<JobRecord, JobId>(
      store, std::move(query), &HistoryPage::jobs, [](const JobRecord& record) { return record.job.id; },
      [](const JobRecord& record) { return record.job.created; });
}

}  // namespace

/// By the wall clock, looked at often: it may be set, and the machine may have slept.
asio::awaitable<void> Notifications::keep_digests() {
  asio::steady_timer pause(executor_);
  while (true) {
    const Instant now = runtime::read_clock().wall;
    // Without couriers the daemon is stopping, or there is nobody to tell.
    const std::vector<Receiver> receivers =
        couriers_.empty() || !shell_->store_healthy() ? std::vector<Receiver>{} : outbox_->receivers();
    for (const Receiver& receiver : receivers) {
      if (!receiver.digest) continue;
      const auto last = outbox_->last_digest(receiver.name);
      if (!last) {
        shell_->write(outbox_->begin_digests(receiver.name, now));
        continue;
      }
      const auto due = notify::due_digest(*receiver.digest, *last, now);
      if (!due) continue;
      auto writing = write_digest(receiver.name, *due);
      co_await std::move(writing);
    }
    pause.expires_after(look_every);
    const auto [interrupted] = co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (interrupted) co_return;
  }
}

/// A run belongs to the day in which its job ended; one that never had a job, to the day in which it was due.
asio::awaitable<void> Notifications::write_digest(std::string receiver, Instant due) {
  notify::DayFacts facts;
  facts.from = due - day;
  facts.until = due;
  const auto runs = co_await read_runs(*store_, due - 2 * day, due);
  const auto ends = co_await read_ends(*store_, due - 2 * day, due);
  if (runs.failed || ends.failed) co_return;  // it stays due
  std::map<JobId, Instant> ended;
  for (const JobRecord& record : ends.rows) ended.emplace(record.job.id, record.job.updated);
  for (const Run& run : runs.rows) {
    if (run.phase != RunPhase::finished || run.verdict == Verdict::none) continue;
    const auto end = ended.find(run.job);
    const Instant at = end == ended.end() ? run.nominal : end->second;
    if (at > facts.from && at <= facts.until) facts.runs.push_back(run);
  }
  facts.has_more = runs.has_more || ends.has_more;
  const auto& receivers = outbox_->receivers();
  const auto found = std::find_if(receivers.begin(), receivers.end(),
                                  [&](const Receiver& one) { return one.name == receiver; });
  if (found == receivers.end() || !found->digest || couriers_.empty()) co_return;  // a reload, or the end
  facts.open = outbox_->open_for(*found);
  auto digest = notify::digest_notice(*found, facts,
                                      [this](const ConnectionId& connection) { return find(connection); });
  shell_->write(outbox_->put_digest(std::move(digest)));
}

}  // namespace syncwarden::app

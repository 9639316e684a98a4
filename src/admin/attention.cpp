#include "admin/impl/attention.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

/// Connections looked at before the loop turns again.
constexpr std::size_t slice = 200;

/// As far as it is listed: most of ten thousand are only counted.
void sort_by_time(std::vector<Remarkable>& found) {
  const auto listed = found.begin() + static_cast<std::ptrdiff_t>(std::min(found.size(), most_listed));
  std::partial_sort(found.begin(), listed, found.end(), [](const Remarkable& a, const Remarkable& b) {
    return std::tie(a.since, a.id) < std::tie(b.since, b.id);
  });
}

}  // namespace

Attention look_around(const ReadView& view, Instant now) {
  Attention found;
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const ConnectionView& connection = *picture.view;
    if (picture.managed) found.managed.push_back(connection.id);
    if (picture.running_since) found.running.push_back({connection.id, *picture.running_since});
    if (picture.next_run) found.next.push_back({connection.id, *picture.next_run});
    if (connection.status != ConnectionStatus::active) return;
    if (picture.stale_after && *picture.stale_after < now)
      found.late.push_back({connection.id, *picture.stale_after});
    if (picture.consecutive_failures > 0)
      found.failing.push_back({connection.id, picture.last_success.value_or(Instant{})});
  });
  for (auto* list : {&found.running, &found.late, &found.failing, &found.next}) sort_by_time(*list);
  return found;
}

std::vector<Incident> worst_incidents(const ReadView& view) {
  std::vector<Incident> open;
  view.for_each_incident([&](const Incident& incident) { open.push_back(incident); });
  std::stable_sort(open.begin(), open.end(),
                   [](const Incident& a, const Incident& b) { return a.severity > b.severity; });
  return open;
}

asio::awaitable<std::vector<WaitingTick>> waiting_ticks(const ReadView& view,
                                                        std::vector<ConnectionId> managed,
                                                        std::size_t wanted) {
  std::vector<WaitingTick> out;
  const auto executor = co_await asio::this_coro::executor;
  for (std::size_t i = 0; i < managed.size() && out.size() < wanted; ++i) {
    if (i > 0 && i % slice == 0) co_await asio::post(executor, asio::use_awaitable);
    view.with_connection(managed[i], [&](const ConnectionPicture& picture) {
      for (const WaitingPicture& tick : picture.waiting) {
        if (out.size() == wanted) return;
        out.push_back({managed[i], picture.view->name.str(), tick});
      }
    });
  }
  co_return out;
}

std::size_t waiting_in(const FleetPicture& fleet) {
  return std::accumulate(fleet.waiting.begin(), fleet.waiting.end(), std::size_t{0});
}

}  // namespace syncwarden::admin

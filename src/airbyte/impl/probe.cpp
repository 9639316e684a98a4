#include "airbyte/impl/probe.hpp"

#include "base/text.hpp"

#include <utility>
#include <variant>

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

/// The answer of one place: found, not here (go on with the next), or an error that ends the search.
struct Finding {
  std::optional<Found> found;
  std::optional<Error> error;
};

Finding finding_of(Error error) {
  Finding finding;
  finding.error = std::move(error);
  return finding;
}

/// What says "no such API here" rather than "this Airbyte is in trouble".
bool not_here(const Error& error) {
  return error.code == Errc::not_found || error.code == Errc::rejected ||
         error.code == Errc::malformed_reply || error.code == Errc::unexpected_reply;
}

Call probe_call(const Wire& wire, const Place& place, std::string method, std::string path,
                std::string body) {
  Call call = read_call(wire.target(), place, Operation::health, std::move(path), std::move(body));
  call.method = std::move(method);
  call.max_body = std::size_t{1} << 20U;
  return call;
}

void note(std::string& tried, const Wire& wire, const Call& call, const Error& error) {
  const std::string where = wire.context_of(call).where;
  tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", where.substr(where.find(' ') + 1),
                       printable(error.message, 120));
}

Error unavailable(std::string where) {
  Error error;
  error.code = Errc::server_error;
  error.message = "Airbyte says that it is not available";
  error.where = std::move(where);
  error.hint = "its database does not answer";
  return error;
}

asio::awaitable<Finding> probe_config(Wire* wire, Place place, std::string* tried) {
  Finding finding;
  Found found;
  found.place = place;
  Call configuration = probe_call(*wire, place, "GET", "/instance_configuration", "");
  const Result<Node> told = co_await wire->read(configuration, instance_shape());
  if (told) {
    found.instance = instance_from(*told);
    if (!found.instance.version.empty()) {
      found.traits = traits_of(Api::config, found.instance.version);
      finding.found = std::move(found);
      co_return finding;
    }
  } else if (!not_here(told.error())) {
    co_return finding_of(told.error());
  }
  Error first;
  first.message = "no version in it";
  if (!told) first = told.error();
  note(*tried, *wire, configuration, first);

  Call health = probe_call(*wire, place, "GET", "/health", "");
  const Result<Node> healthy = co_await wire->read(health, instance_shape());
  if (!healthy && !not_here(healthy.error())) co_return finding_of(healthy.error());
  if (healthy) found.instance.available = instance_from(*healthy).available;
  if (!healthy || !found.instance.available) {
    Error second;
    second.message = "no health in it";
    if (!healthy) second = healthy.error();
    note(*tried, *wire, health, second);
    co_return finding;
  }
  if (!*found.instance.available) co_return finding_of(unavailable(wire->context_of(health).where));

  // before 0.50: the version is kept elsewhere, and jobs are listed per connection
  Call metadata = probe_call(*wire, place, "POST", "/deployment/metadata", "{}");
  const Result<Node> deployment = co_await wire->read(std::move(metadata), instance_shape());
  if (deployment) found.instance.version = instance_from(*deployment).version;
  found.traits = traits_of(Api::config, found.instance.version);
  if (!parse_version(found.instance.version)) {
    found.traits = traits_of(Api::config, "0.40.0");
  }
  finding.found = std::move(found);
  co_return finding;
}

/// The Config API beside the Public one, where there is one, tells the version to anybody.
asio::awaitable<std::string> version_beside(Wire* wire, Place place) {
  constexpr std::string_view hosted = "/api/public/v1";
  if (place.base.size() < hosted.size() || place.base.substr(place.base.size() - hosted.size()) != hosted) {
    co_return std::string();
  }
  Place config;
  config.api = Api::config;
  config.base = place.base.substr(0, place.base.size() - hosted.size()) + "/api/v1";
  Call call = probe_call(*wire, config, "GET", "/instance_configuration", "");
  // a client-credentials token is another one there
  call.anonymous = std::holds_alternative<ClientCredentialsAuth>(wire->target().auth);
  const Result<Node> told = co_await wire->read(std::move(call), instance_shape());
  if (!told) co_return std::string();
  co_return instance_from(*told).version;
}

asio::awaitable<Finding> probe_public(Wire* wire, Place place, std::string* tried) {
  Finding finding;
  Call health = probe_call(*wire, place, "GET", "/health", "");
  const Result<http::Response> reply = co_await wire->fetch(health);
  if (!reply && !not_here(reply.error())) co_return finding_of(reply.error());
  Error error;
  error.message = "a web page";
  if (!reply) error = reply.error();
  if (!reply || looks_like_html(reply->body)) {
    note(*tried, *wire, health, error);
    co_return finding;
  }
  Found found;
  found.place = place;
  found.instance.version = co_await version_beside(wire, place);
  found.traits = traits_of(Api::public_api, found.instance.version);
  finding.found = std::move(found);
  co_return finding;
}

}  // namespace

asio::awaitable<Result<Found>> find_airbyte(Wire* wire, std::vector<Place> places) {
  std::string tried;
  for (const auto& place : places) {
    Finding finding;
    if (place.api == Api::config) {
      finding = co_await probe_config(wire, place, &tried);
    } else {
      finding = co_await probe_public(wire, place, &tried);
    }
    if (finding.error) co_return *finding.error;
    if (finding.found) co_return std::move(*finding.found);
  }
  Error error;
  error.code = Errc::not_found;
  error.message = "no Airbyte API answers there; tried " + tried;
  error.where = wire->origin().url();
  error.hint = "give the API's whole address in airbyte.url, such as http://host:8000/api/v1";
  co_return error;
}

}  // namespace syncwarden::airbyte

#include "emulator/impl/body.hpp"

#include "http/message.hpp"

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::emulator {

namespace json = boost::json;

struct Body::Impl {
  json::object members;

  [[nodiscard]] const json::value* find(std::string_view key) const {
    return members.if_contains(json::string_view{key.data(), key.size()});
  }
};

std::optional<Body> Body::parse(std::string_view text) {
  auto impl = std::make_shared<Impl>();
  if (!text.empty()) {
    boost::system::error_code failed;
    auto parsed = json::parse(json::string_view{text.data(), text.size()}, failed);
    if (failed || !parsed.is_object()) return std::nullopt;
    impl->members = std::move(parsed.get_object());
  }
  return Body{std::move(impl)};
}

Body Body::parse_form(std::string_view text) {
  auto impl = std::make_shared<Impl>();
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = http::decode_query_component(pair.substr(0, equals));
    const auto value = http::decode_query_component(pair.substr(equals + 1));
    if (key && value) impl->members[*key] = *value;
  }
  return Body{std::move(impl)};
}

bool Body::has(std::string_view key) const {
  const auto* value = impl_->find(key);
  return value != nullptr && !value->is_null();
}

std::optional<std::string> Body::text(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto& content = value->get_string();
  return std::string{content.data(), content.size()};
}

std::optional<std::int64_t> Body::number(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<double> Body::real(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code failed;
  const auto number = value->to_number<double>(failed);
  if (failed) return std::nullopt;
  return number;
}

std::optional<bool> Body::flag(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

std::optional<Body> Body::object(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  auto impl = std::make_shared<Impl>();
  impl->members = value->get_object();
  return Body{std::move(impl)};
}

std::vector<std::string> Body::texts(std::string_view key) const {
  std::vector<std::string> list;
  const auto* value = impl_->find(key);
  if (value == nullptr || !value->is_array()) return list;
  for (const auto& element : value->get_array()) {
    if (element.is_string()) list.emplace_back(element.get_string().data(), element.get_string().size());
  }
  return list;
}

std::vector<std::string> Body::keys() const {
  std::vector<std::string> list;
  for (const auto& member : impl_->members) list.emplace_back(member.key().data(), member.key().size());
  return list;
}

std::optional<std::string> Body::json(std::string_view key) const {
  const auto* value = impl_->find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return boost::json::serialize(*value);
}

}  // namespace syncwarden::emulator

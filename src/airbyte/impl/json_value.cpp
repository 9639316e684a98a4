#include "airbyte/impl/json_value.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::airbyte {

JsonView JsonView::operator[](std::string_view member) const {
  const auto* object = value_ == nullptr ? nullptr : value_->if_object();
  if (object == nullptr) return {};
  return JsonView(object->if_contains({member.data(), member.size()}));
}

bool JsonView::is_object() const { return value_ != nullptr && value_->is_object(); }

const boost::json::array* JsonView::array() const { return value_ == nullptr ? nullptr : value_->if_array(); }

std::vector<JsonView> JsonView::items() const {
  std::vector<JsonView> all;
  if (const auto* elements = array()) {
    all.reserve(elements->size());
    for (const auto& element : *elements) all.emplace_back(&element);
  }
  return all;
}

std::string JsonView::text() const {
  const auto* string = value_ == nullptr ? nullptr : value_->if_string();
  return string == nullptr ? std::string() : std::string(string->data(), string->size());
}

std::optional<std::int64_t> JsonView::integer() const {
  if (value_ == nullptr || !value_->is_number()) return std::nullopt;
  boost::system::error_code failed;
  const auto number = value_->to_number<std::int64_t>(failed);
  if (failed) return std::nullopt;
  return number;
}

bool JsonView::is_true() const { return value_ != nullptr && value_->is_bool() && value_->get_bool(); }

std::vector<std::string> JsonView::texts() const {
  std::vector<std::string> all;
  for (const auto& item : items()) {
    if (item.value_->is_string()) all.push_back(item.text());
  }
  return all;
}

std::vector<std::vector<std::string>> JsonView::paths() const {
  std::vector<std::vector<std::string>> all;
  for (const auto& item : items()) {
    if (item.value_->is_array()) all.push_back(item.texts());
  }
  return all;
}

std::vector<std::string> JsonView::keys() const {
  std::vector<std::string> all;
  if (!is_object()) return all;
  for (const auto& member : value_->get_object()) {
    all.emplace_back(member.key().data(), member.key().size());
  }
  return all;
}

std::string JsonView::json() const {
  if (value_ == nullptr || value_->is_null()) return {};
  return boost::json::serialize(*value_);
}

}  // namespace syncwarden::airbyte

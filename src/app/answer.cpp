#include "app/answer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace syncwarden::app {
namespace json = boost::json;

std::optional<Answer> Answer::parse(std::string_view text) {
  json::error_code ec;
  auto value = json::parse(text, ec);
  if (ec) return std::nullopt;
  auto document = std::make_shared<const json::value>(std::move(value));
  const json::value* root = document.get();
  return Answer(std::move(document), root);
}

Answer Answer::operator[](std::string_view member) const {
  const json::object* object = value_ == nullptr ? nullptr : value_->if_object();
  const json::value* found = object == nullptr ? nullptr : object->if_contains(member);
  return found == nullptr ? Answer() : Answer(document_, found);
}

bool Answer::known() const { return value_ != nullptr && !value_->is_null(); }

std::string Answer::text(std::string_view otherwise) const {
  const json::string* text = value_ == nullptr ? nullptr : value_->if_string();
  return text == nullptr ? std::string(otherwise) : std::string(text->data(), text->size());
}

std::optional<std::int64_t> Answer::number() const {
  if (value_ == nullptr) return std::nullopt;
  if (const auto* number = value_->if_int64()) return *number;
  return std::nullopt;
}

bool Answer::flag() const {
  const bool* flag = value_ == nullptr ? nullptr : value_->if_bool();
  return flag != nullptr && *flag;
}

std::optional<Instant> Answer::instant() const { return parse_rfc3339(text()); }

std::optional<Millis> Answer::millis() const {
  const auto given = number();
  return given ? std::optional<Millis>(Millis{*given}) : std::nullopt;
}

std::vector<Answer> Answer::items() const {
  std::vector<Answer> out;
  const json::array* array = value_ == nullptr ? nullptr : value_->if_array();
  if (array == nullptr) return out;
  for (const json::value& item : *array) out.push_back(Answer(document_, &item));
  return out;
}

std::vector<std::pair<std::string, Answer>> Answer::members() const {
  std::vector<std::pair<std::string, Answer>> out;
  const json::object* object = value_ == nullptr ? nullptr : value_->if_object();
  if (object == nullptr) return out;
  for (const auto& member : *object)
    out.emplace_back(std::string(member.key()), Answer(document_, &member.value()));
  return out;
}

std::string Answer::json() const { return value_ == nullptr ? "null" : json::serialize(*value_); }

std::string json_of(const std::vector<std::pair<std::string, std::string>>& texts,
                    const std::vector<std::string>& flags) {
  json::object out;
  for (const auto& [name, value] : texts) {
    if (!value.empty()) out[name] = value;
  }
  for (const auto& name : flags) out[name] = true;
  return json::serialize(out);
}

}  // namespace syncwarden::app

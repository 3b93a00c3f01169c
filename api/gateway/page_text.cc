#include "api/gateway/page_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/gateway/visitor.h"

namespace lectern::api {
namespace {

// '<' could end the script element or begin a comment in it; the two line separators end a line in old scripts.
void AppendSafe(absl::string_view json, std::string& out) {
  while (!json.empty()) {
    size_t plain = std::min(json.find_first_of("<\xE2"), json.size());
    out.append(json.data(), plain);
    json.remove_prefix(plain);
    if (json.empty()) return;
    if (absl::ConsumePrefix(&json, "<")) {
      out += "\\u003c";
    } else if (absl::ConsumePrefix(&json, "\xE2\x80\xA8")) {
      out += "\\u2028";
    } else if (absl::ConsumePrefix(&json, "\xE2\x80\xA9")) {
      out += "\\u2029";
    } else {
      out += json[0];
      json.remove_prefix(1);
    }
  }
}

void AppendData(const std::vector<EmbeddedDatum>& data, std::string& out) {
  out += "<script type=\"application/json\" id=\"data\">{";
  for (size_t i = 0; i < data.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ",", "\"", data[i].name, "\":{\"status\":", data[i].status, ",\"body\":");
    AppendSafe(absl::StripSuffix(data[i].json, "\n"), out);
    out += '}';
  }
  out += "}</script>";
}

// The first of "de" and "en" that the browser wishes most; q values as in RFC 9110 12.5.4.
absl::string_view WishedLanguage(absl::string_view header) {
  absl::string_view best = "en";
  double best_weight = 0;
  for (absl::string_view range : absl::StrSplit(header, ',', absl::SkipWhitespace())) {
    std::vector<absl::string_view> parts = absl::StrSplit(range, ';');
    absl::string_view tag = absl::StripAsciiWhitespace(parts[0]).substr(0, 2);
    double weight = 1;
    absl::string_view q = parts.size() > 1 ? absl::StripAsciiWhitespace(parts[1]) : "";
    if (absl::ConsumePrefix(&q, "q=") && !absl::SimpleAtod(q, &weight)) continue;
    bool german = absl::EqualsIgnoreCase(tag, "de");
    if ((!german && !absl::EqualsIgnoreCase(tag, "en")) || !(weight > best_weight)) continue;
    best = german ? "de" : "en";
    best_weight = weight;
  }
  return best;
}

}  // namespace

PageLook LookFor(const http::RequestHead& head) {
  PageLook look;
  absl::string_view language = CookieOf(head, "lectern_lang");
  look.language = language == "de" || language == "en" ? language : WishedLanguage(head.Find("Accept-Language"));
  absl::string_view theme = CookieOf(head, "lectern_theme");
  look.theme = theme == "light" || theme == "dark" ? theme : "";
  return look;
}

PageText::PageText(std::string html) : bytes_(html.size()) {
  static constexpr std::pair<absl::string_view, Place> kPlaces[] = {
      {"{{lang}}", Place::kLanguage}, {"{{theme}}", Place::kTheme}, {"<!--data-->", Place::kData}};
  absl::string_view rest = html;
  while (!rest.empty()) {
    size_t at = rest.size(), length = 0;
    Place place = Place::kText;
    for (const auto& [mark, kind] : kPlaces) {
      size_t found = rest.find(mark);
      if (found < at) std::tie(at, length, place) = std::tuple(found, mark.size(), kind);
    }
    if (at > 0) pieces_.emplace_back(Place::kText, std::string(rest.substr(0, at)));
    if (place != Place::kText) pieces_.emplace_back(place, "");
    rest.remove_prefix(at + length);
  }
}

std::string PageText::Render(const PageLook& look, const std::vector<EmbeddedDatum>& data) const {
  std::string page;
  size_t bytes = bytes_ + 100;
  for (const EmbeddedDatum& datum : data) bytes += datum.name.size() + datum.json.size() + 40;
  page.reserve(bytes);
  for (const auto& [place, text] : pieces_) {
    if (place == Place::kText) page += text;
    if (place == Place::kLanguage) absl::StrAppend(&page, look.language);
    if (place == Place::kTheme) absl::StrAppend(&page, look.theme);
    if (place == Place::kData) AppendData(data, page);
  }
  return page;
}

}  // namespace lectern::api

// The HTML of a page, with the places that each visitor's answer fills. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http/message.h"

namespace lectern::api {

struct PageLook {
  absl::string_view language;   // "de" or "en"
  absl::string_view theme;      // "light", "dark", or "": as the device has it
};

// By the cookies lectern_lang and lectern_theme, else Accept-Language.
PageLook LookFor(const http::RequestHead& head);

// One datum of a page: its name, and {"status": 200, "body": {...}} made from an answer.
struct EmbeddedDatum {
  absl::string_view name;
  int status = 200;
  absl::string_view json;
};

// Immutable; thread-safe.
class PageText {
 public:
  explicit PageText(std::string html);

  // Fills {{lang}}, {{theme}} and <!--data-->. What is in the data cannot end the script element that it stands in.
  std::string Render(const PageLook& look, const std::vector<EmbeddedDatum>& data) const;

 private:
  enum class Place { kText, kLanguage, kTheme, kData };
  std::vector<std::pair<Place, std::string>> pieces_;
  size_t bytes_ = 0;
};

}  // namespace lectern::api

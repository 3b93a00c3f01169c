#include "api/services/installation.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/installation.pb.h"

namespace lectern::api {
namespace {

constexpr int kMaxDisplayName = 100;
constexpr int kMaxWelcome = 2000;
constexpr int kMaxAddress = 500;
constexpr size_t kMaxHostBytes = 253;

bool All(absl::string_view text, absl::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || (c < 128 && absl::StrContains(also, static_cast<char>(c)));
  });
}

bool IsPort(absl::string_view text) {
  int port = 0;
  return !text.empty() && text.size() <= 5 && All(text, "") && absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535;
}

// A name, an IPv4 address, or an IPv6 address in brackets.
bool IsHost(absl::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  if (absl::ConsumePrefix(&host, "[")) return absl::ConsumeSuffix(&host, "]") && host.size() >= 2 && All(host, ":.");
  return All(host, "-.") && host[0] != '-' && host[0] != '.';
}

// "HOST" or "HOST:PORT".
bool IsAuthority(absl::string_view text, bool port_needed) {
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool has_port = colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket);
  if (!has_port) return !port_needed && IsHost(text);
  return IsHost(text.substr(0, colon)) && IsPort(text.substr(colon + 1));
}

bool IsUrl(absl::string_view url, absl::string_view path_characters) {
  const size_t slash = std::min(url.find('/'), url.size());
  return IsAuthority(url.substr(0, slash), false) && All(url.substr(slash), path_characters);
}

bool IsEmail(absl::string_view email) {
  const size_t at = email.find('@');
  if (at == absl::string_view::npos || at == 0) return false;
  const absl::string_view host = email.substr(at + 1);
  return All(email.substr(0, at), "._%+-") && absl::StrContains(host, '.') && host[0] != '[' && host.back() != '.' && IsHost(host);
}

absl::Status CleanLink(absl::string_view field, std::string& value) {
  ASSIGN_OR_RETURN(value, OptionalText(field, value, kMaxAddress));
  absl::string_view rest = value;
  if (rest.empty()) return absl::OkStatus();
  const bool web = absl::ConsumePrefix(&rest, "https://") || absl::ConsumePrefix(&rest, "http://");
  if (web && IsUrl(rest, "/-._~!$&'()*+,;=:@%?#")) return absl::OkStatus();
  return BadField(field, value, "write an address such as https://www.example.org/imprint");
}

absl::Status CheckRtmpUrl(absl::string_view field, absl::string_view url) {
  absl::string_view rest = url;
  if (url.empty()) return absl::OkStatus();
  const bool rtmp = absl::ConsumePrefix(&rest, "rtmp://") || absl::ConsumePrefix(&rest, "rtmps://");
  if (rtmp && url.size() <= kMaxAddress && IsUrl(rest, "/-._~")) return absl::OkStatus();
  return BadField(field, url, "write what lecturers type into OBS, such as rtmp://live.example.org/live");
}

absl::Status CheckEndpoint(absl::string_view field, absl::string_view endpoint) {
  if (endpoint.empty() || IsAuthority(endpoint, true)) return absl::OkStatus();
  return BadField(field, endpoint, "write HOST:PORT, such as lectern.example.org:443");
}

}  // namespace

absl::Status CleanInstallation(v1::Installation& installation) {
  ASSIGN_OR_RETURN(*installation.mutable_display_name(),
                   OptionalText("installation.display_name", installation.display_name(), kMaxDisplayName));
  ASSIGN_OR_RETURN(*installation.mutable_welcome_text(),
                   OptionalText("installation.welcome_text", installation.welcome_text(), kMaxWelcome));
  std::string& email = *installation.mutable_support_email();
  ASSIGN_OR_RETURN(email, OptionalText("installation.support_email", email, 254));
  if (!email.empty() && !IsEmail(email)) {
    return BadField("installation.support_email", email, "write an address such as help@example.org");
  }
  RETURN_IF_ERROR(CleanLink("installation.imprint_url", *installation.mutable_imprint_url()));
  RETURN_IF_ERROR(CleanLink("installation.privacy_url", *installation.mutable_privacy_url()));
  absl::StripAsciiWhitespace(installation.mutable_rtmp_url());
  absl::StripAsciiWhitespace(installation.mutable_grpc_endpoint());
  RETURN_IF_ERROR(CheckRtmpUrl("installation.rtmp_url", installation.rtmp_url()));
  return CheckEndpoint("installation.grpc_endpoint", installation.grpc_endpoint());
}

absl::Status CheckPublicAddresses(absl::string_view rtmp_url, absl::string_view grpc_endpoint) {
  RETURN_IF_ERROR(CheckRtmpUrl("public_rtmp_url", rtmp_url));
  return CheckEndpoint("public_grpc_endpoint", grpc_endpoint);
}

absl::Status ReadInstallation(const ServiceDeps& deps, v1::Installation& installation) {
  ASSIGN_OR_RETURN(std::string json, deps.stores.installation.Get());
  google::protobuf::util::JsonParseOptions newer;
  newer.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(json, &installation, newer).ok()) {
    return absl::InternalError("the settings of the installation cannot be read");
  }
  if (installation.rtmp_url().empty()) installation.set_rtmp_url(deps.public_rtmp_url);
  if (installation.grpc_endpoint().empty()) installation.set_grpc_endpoint(deps.public_grpc_endpoint);
  return absl::OkStatus();
}

void ToProto(const AnnouncementRow& row, v1::Announcement& announcement) {
  announcement.set_name(NameOf("announcements", row.id));
  announcement.set_text(row.text);
  announcement.set_level(row.level == "warning" ? v1::WARNING : v1::INFO);
  SetTime(row.starts_at, *announcement.mutable_start_time());
  if (row.ends_at) SetTime(*row.ends_at, *announcement.mutable_end_time());
}

}  // namespace lectern::api

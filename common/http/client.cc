#include "common/http/client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace lectern::http {
namespace {

// libcurl's global state is set up once and never torn down: other libraries may share it.
void InitCurl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

// One exchange, as curl's callbacks see it.
struct Exchange {
  const ClientRequest& request;
  ClientResponse response;
  CURL* curl;
  uint64_t sent = 0;
  bool cancelled = false;
  absl::Status failed;  // of reading the body or of a limit

  long Status() const {
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
};

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, size * count));
  // A new status line: what came before belonged to an interim answer.
  if (absl::StartsWith(line, "HTTP/")) exchange.response.headers.clear();
  size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    exchange.response.headers.emplace_back(std::string(line.substr(0, colon)),
                                           std::string(absl::StripAsciiWhitespace(line.substr(colon + 1))));
  }
  return size * count;
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  size_t bytes = size * count;
  long status = exchange.Status();
  if (exchange.request.on_body && status >= 200 && status < 300) {
    if (exchange.request.on_body(absl::string_view(data, bytes))) return bytes;
    exchange.cancelled = true;
    return 0;
  }
  if (exchange.response.body.size() + bytes > exchange.request.max_response_bytes) {
    exchange.failed = absl::ResourceExhaustedError("the answer is larger than allowed");
    return 0;
  }
  exchange.response.body.append(data, bytes);
  return bytes;
}

size_t OnSend(char* data, size_t size, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const ClientRequest& request = exchange.request;
  uint64_t want = std::min<uint64_t>(size * count, request.body_length - exchange.sent);
  if (want == 0) return 0;
  ssize_t got = pread(request.body_fd, data, want, static_cast<off_t>(request.body_offset + exchange.sent));
  if (got <= 0) {
    exchange.failed = got == 0 ? absl::DataLossError("the file became shorter while it was sent")
                               : ErrnoStatus(errno, "read the file to send");
    return CURL_READFUNC_ABORT;
  }
  exchange.sent += static_cast<uint64_t>(got);
  return static_cast<size_t>(got);
}

int OnSeek(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(user)->sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.on_sent && !exchange.request.on_sent(static_cast<uint64_t>(sent))) exchange.cancelled = true;
  return exchange.cancelled ? 1 : 0;
}

void SetBody(CURL* curl, Exchange& exchange) {
  const ClientRequest& request = exchange.request;
  if (request.body_fd >= 0) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &OnSend);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, &OnSeek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body_length));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void SetLimits(CURL* curl, const ClientRequest& request) {
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(absl::ToInt64Milliseconds(request.connect_timeout)));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(std::max<int64_t>(1, absl::ToInt64Seconds(request.stall_timeout))));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  // Traffic between the parts never leaves by a proxy that the environment names for other programs.
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
}

absl::Status ToStatus(CURLcode code, const Exchange& exchange) {
  if (!exchange.failed.ok()) return exchange.failed;
  std::string where = log::Redact(exchange.request.url);
  if (exchange.cancelled) return absl::CancelledError(absl::StrCat(where, ": broken off by the caller"));
  std::string text = absl::StrCat(where, ": ", curl_easy_strerror(code));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(text);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

absl::string_view ClientResponse::Find(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

struct Client::Impl {
  CURL* curl = curl_easy_init();
  ~Impl() { curl_easy_cleanup(curl); }
};

Client::Client() {
  InitCurl();
  impl_ = std::make_unique<Impl>();
}
Client::~Client() = default;

absl::StatusOr<ClientResponse> Client::Send(const ClientRequest& request) {
  CURL* curl = impl_->curl;
  if (curl == nullptr) return absl::InternalError("libcurl could not be initialised");
  curl_easy_reset(curl);  // options only: open connections stay
  Exchange exchange{request, {}, curl, 0, false, absl::OkStatus()};
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "Expect")) curl_slist_free_all(std::exchange(headers, nullptr));
    headers = curl_slist_append(
        headers, value.empty() ? absl::StrCat(name, ";").c_str() : absl::StrCat(name, ": ", value).c_str());
  }
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &OnProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  SetLimits(curl, request);
  SetBody(curl, exchange);
  CURLcode code = curl_easy_perform(curl);
  exchange.response.status = static_cast<int>(exchange.Status());
  curl_slist_free_all(headers);
  // A server that refuses an upload early answers and closes; the answer is what the caller wants to know.
  bool answered_early = code == CURLE_SEND_ERROR && exchange.response.status >= 400;
  if (code != CURLE_OK && !answered_early) return ToStatus(code, exchange);
  return std::move(exchange.response);
}

}  // namespace lectern::http

#include "api/gateway/answers.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/retry_after.h"
#include "common/base/status.h"
#include "common/rpc/rpc.h"

namespace lectern::api {

int HttpStatusOf(const absl::Status& status) {
  // HTTP has words of its own for two of the refusals.
  std::string reason = ReasonOf(status);
  if (reason == "BODY_TOO_LARGE") return 413;
  if (reason == "NOT_JSON") return 415;
  return rpc::HttpCode(status.code());
}

std::string ErrorJson(const absl::Status& status) {
  http::Response response =
      http::ErrorResponse(HttpStatusOf(status), rpc::CodeWord(status.code()), status.message(), ReasonOf(status));
  return std::get<std::string>(std::move(response.body));
}

http::Response StatusAnswer(const absl::Status& status) {
  int code = HttpStatusOf(status);
  http::Response response = ErrorAnswer(code, rpc::CodeWord(status.code()), status.message(), ReasonOf(status));
  if (code == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  std::optional<absl::Duration> wait = RetryAfterOf(status);
  if (wait || code == 429 || code == 503) {
    response.headers.emplace_back("Retry-After", RetryAfterText(wait.value_or(absl::Seconds(1))));
  }
  return response;
}

std::string RetryAfterText(absl::Duration wait) {
  return absl::StrCat(std::max<int64_t>(1, absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)))));
}

http::Response ErrorAnswer(int code, absl::string_view word, absl::string_view message, absl::string_view reason) {
  http::Response response = http::ErrorResponse(code, word, message, reason);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

void AllowAnyOrigin(http::Response& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "Allow, ETag, Retry-After, X-Request-Id");
}

}  // namespace lectern::api

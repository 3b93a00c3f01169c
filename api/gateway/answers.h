// Answers of the gateway that are not a page: JSON for a status, and what belongs beside every answer of the API.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/message.h"

namespace lectern::api {

// The HTTP status for a failed call.
int HttpStatusOf(const absl::Status& status);

// {"error": {"code", "status", "message", "reason"}} as it stands in an answer's body, with the line's end.
std::string ErrorJson(const absl::Status& status);

// The answer for a failed call, with WWW-Authenticate and Retry-After where they belong.
http::Response StatusAnswer(const absl::Status& status);

// Retry-After's value: whole seconds, at least one.
std::string RetryAfterText(absl::Duration wait);

// {"error": ...} for what HTTP alone decides.
http::Response ErrorAnswer(int code, absl::string_view word, absl::string_view message, absl::string_view reason);

// Scripts of other origins may read the answer, and its headers for callers.
void AllowAnyOrigin(http::Response& response);

}  // namespace lectern::api

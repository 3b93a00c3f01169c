#include "api/cli/tus_answer.h"

#include <algorithm>
#include <cmath>

namespace lectern::cli {
namespace {

constexpr absl::Duration kCap = absl::Seconds(30);

}  // namespace

TusAction ActionFor(int http_status, bool head) {
  if (http_status >= 200 && http_status < 300) return TusAction::kContinue;
  switch (http_status) {
    case 401:
    case 403:
      return TusAction::kNewToken;
    case 404:
      return head ? TusAction::kCreate : TusAction::kResync;
    case 408:
    case 409:
    case 423:
    case 429:
      return TusAction::kResync;
    case 460:
      return TusAction::kResendOnce;
    case 507:
      return TusAction::kGiveUp;
    default:
      return http_status >= 500 ? TusAction::kResync : TusAction::kGiveUp;
  }
}

absl::Duration BackOff(absl::Duration base, int failures, double random) {
  const absl::Duration most = std::min(kCap, base * std::pow(2, std::min(failures, 20)));
  return std::max(base / 5, most * random);
}

}  // namespace lectern::cli

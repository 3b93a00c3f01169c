// What a tus client does about an answer. Pure; any thread.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace lectern::cli {

enum class TusAction {
  kContinue,    // stored; go on at the answer's Upload-Offset
  kResync,      // ask with HEAD where to go on, after a pause
  kCreate,      // the upload does not exist yet
  kNewToken,    // the token has ended: get a fresh one, go on
  kResendOnce,  // the bytes were damaged on the way
  kGiveUp,      // trying again would not help
};

// Source: RFC 9110 15, tus 1.0. 408, 423, 429 and 5xx pass by themselves (507 does not: the disk is full); 409 means
// that the offset was wrong.
TusAction ActionFor(int http_status, bool head);

// Full jitter: uniform up to `base` * 2^failures, at most 30 seconds, at least a fifth of `base`. `random` in [0, 1).
absl::Duration BackOff(absl::Duration base, int failures, double random);

}  // namespace lectern::cli

#include "api/gateway/pool_call.h"

#include <utility>

#include "common/base/retry_after.h"
#include "common/base/status.h"

namespace lectern::api {

absl::Status ServerBusy() {
  absl::Status busy = WithReason(absl::ResourceExhaustedError("the server is busy; try again in a moment"), "SERVER_BUSY");
  return WithRetryAfter(busy, absl::Seconds(1));
}

http::Awaitable<absl::Status> OnPool(ThreadPool& pool, std::function<absl::Status()> work) {
  bool ran = false;
  absl::Status status = co_await http::RunBlocking(pool, [&ran, work = std::move(work)] {
    ran = true;
    return work();
  });
  co_return ran ? status : ServerBusy();
}

}  // namespace lectern::api

// Blocking work of the gateway. Includes Asio: internal to this room.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "common/exec/thread_pool.h"
#include "common/http/server.h"

namespace lectern::api {

// kResourceExhausted/SERVER_BUSY: the pool has too much to do.
absl::Status ServerBusy();

// http::RunBlocking, but where the pool takes no more the answer is ServerBusy().
http::Awaitable<absl::Status> OnPool(ThreadPool& pool, std::function<absl::Status()> work);

// Runs every piece of work on the pool, side by side, then `last` on the thread that was last; resumes after it. What the pool does
// not take is not run.
http::Awaitable<void> AllOnPool(ThreadPool& pool, std::vector<std::function<void()>> work, std::function<void()> last);

}  // namespace lectern::api

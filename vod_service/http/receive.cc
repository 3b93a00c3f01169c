#include "vod_service/http/receive.h"

#include <memory>

#include "common/base/status.h"

namespace lectern::vod {
namespace {

// The only memory of size that an upload costs.
constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

http::Awaitable<absl::Status> ReceiveBody(http::BodyReader& body, BodySink& sink, ThreadPool& pool, Clock& clock,
                                          ReceiveLimits limits) {
  auto buffer = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  absl::Duration window_start = clock.Steady();
  uint64_t window_bytes = 0;
  while (true) {
    absl::StatusOr<size_t> got = co_await body.Read(absl::MakeSpan(buffer.get(), kBufferBytes));
    if (!got.ok()) co_return got.status();
    if (*got == 0) co_return absl::OkStatus();
    absl::Status taken = sink.Take({buffer.get(), *got});
    if (!taken.ok()) co_return taken;
    if (sink.SyncDue()) {
      absl::Status synced = co_await http::RunBlocking(pool, [&sink] { return sink.Sync(); });
      if (!synced.ok()) co_return synced;
    }
    window_bytes += *got;
    const absl::Duration now = clock.Steady();
    if (now - window_start < limits.window) continue;
    if (window_bytes < limits.min_bytes) {
      co_return WithReason(absl::DeadlineExceededError("the bytes come too slowly"), "TOO_SLOW");
    }
    window_start = now;
    window_bytes = 0;
  }
}

}  // namespace lectern::vod

// Live streams as people see them.
#pragma once

#include "api/store/live_store.h"

namespace lectern::v1 {
class LiveStream;
}  // namespace lectern::v1

namespace lectern::api {

// Without the addresses of pictures.
void ToProto(const LiveStreamRow& row, v1::LiveStream& stream);

// Makes equal in `now` measured figures that have changed by less than people notice: bit rates by 5 %, the level by 1 dB,
// brightness by 0.02, frame rates by 0.1, delays by 0.2 s.
void Settle(const v1::LiveStream& sent, v1::LiveStream& now);

}  // namespace lectern::api

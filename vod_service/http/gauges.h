// Metrics that are read from elsewhere when somebody looks. Includes Asio: keep it out of other headers.
#pragma once

#include <memory>

#include "common/http/server.h"
#include "common/metrics/metrics.h"
#include "vod_service/library/catalog.h"
#include "vod_service/live/live_library.h"
#include "vod_service/upload/upload_service.h"

namespace lectern::vod {

// The registry outlives what is measured: after destruction the last values stay.
class ServiceGauges {
 public:
  ServiceGauges(Metrics& metrics, Catalog& catalog, UploadService& uploads, LiveLibrary& live, http::Server& server);
  ~ServiceGauges();
  ServiceGauges(const ServiceGauges&) = delete;
  ServiceGauges& operator=(const ServiceGauges&) = delete;

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace lectern::vod

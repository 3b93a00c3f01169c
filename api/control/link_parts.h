// What a link session needs of the control room.
#pragma once

#include "api/control/accepts.h"
#include "api/control/beats.h"
#include "api/control/directory.h"
#include "api/control/live_reports.h"
#include "api/control/dones.h"
#include "api/control/outcomes.h"
#include "api/control/postponed.h"
#include "api/control/session_table.h"
#include "api/control/shared.h"
#include "api/control/uploads.h"
#include "common/exec/thread_pool.h"

namespace lectern::api {

struct LinkParts {
  Shared& shared;
  ThreadPool& pool;
  SessionTable& sessions;
  Outcomes& outcomes;
  Uploads& uploads;
  Accepts& accepts;
  Dones& dones;
  Beats& beats;
  DirectoryPublisher& directory;
  LiveReports& live_reports;
  Postponed& postponed;
};

}  // namespace lectern::api

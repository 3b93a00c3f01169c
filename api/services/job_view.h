// Jobs as people see them.
#pragma once

#include "api/store/job_store.h"

namespace lectern::v1 {
class Job;
class JobAttempt;
}  // namespace lectern::v1

namespace lectern::api {

void ToProto(const JobRow& row, v1::Job& job);
void ToProto(const JobAttemptRow& row, int number, v1::JobAttempt& attempt);

// Makes equal in `now` a progress that has changed by less than 1 %.
void Settle(const v1::Job& sent, v1::Job& now);

}  // namespace lectern::api

// Whether a caller may make a call, by the method's `access` option.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "api/calls/call_context.h"
#include "api/calls/registry.h"
#include "api/store/access_store.h"

namespace lectern::api {

// One statement where the rule has a scope, else none. Sets `call`'s audit target and organization from the object in question.
//
// Errors: kUnauthenticated/LOGIN_REQUIRED where an anonymous caller would need a right that only people have;
// kInvalidArgument/BAD_NAME where the scope field holds no resource name; kPermissionDenied where the caller may see the object;
// kNotFound/<NOUN>_NOT_FOUND where it does not exist or the caller may not even see it: the two cannot be told apart. An empty
// scope field asks for an administrator.
absl::Status Authorize(const AccessRule& rule, const google::protobuf::Message& request, AccessStore& access,
                       CallContext& call);

}  // namespace lectern::api

// Reads a user from a row with the columns id, email, display_name, role, disabled, created_at. Internal to api/store.
#pragma once

#include "api/store/user_store.h"

namespace lectern::api {

UserRow ParseUser(const pg::Row& row);

}  // namespace lectern::api

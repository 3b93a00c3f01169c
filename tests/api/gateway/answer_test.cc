#include "tests/api/gateway/gateway_fixture.h"

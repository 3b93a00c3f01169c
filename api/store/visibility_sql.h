// Conditions of statements on which courses a person may watch, and which are shown to them. `user` is the parameter that holds the
// caller's id (0: nobody), `admin` the one that says whether they are an administrator; `c` is the course. Internal to api/store.
//
// Source: LevelFor in api/domain/access.h; a test holds both against each other.
#pragma once

// Rights on the course that the person was given.
#define LECTERN_COURSE_MAINTAINED(user) \
  "c.organization_id in (select p.descendant_id from maintainers m join organization_paths p on p.ancestor_id = m.organization_id " \
  "where m.user_id = " user ") "

// The person may watch it. Hidden ones are for whoever knows them, so this alone must not make a list of courses.
#define LECTERN_COURSE_WATCHABLE(user, admin)                                                                                   \
  "(" admin "::bool or c.visibility in ('public', 'hidden') or (c.visibility = 'logged_in' and " user "::bigint > 0) "          \
  "or exists (select 1 from enrolments e where e.course_id = c.id and e.user_id = " user ") or " LECTERN_COURSE_MAINTAINED(user) \
  ") "

// It is shown to the person in lists: what they may watch, but of hidden ones only those that they teach or maintain.
#define LECTERN_COURSE_LISTED(user)                                                                                    \
  "(c.visibility = 'public' or (c.visibility = 'logged_in' and " user "::bigint > 0) "                                 \
  "or exists (select 1 from enrolments e where e.course_id = c.id and e.user_id = " user                               \
  " and (e.role = 'lecturer' or c.visibility <> 'hidden')) or " LECTERN_COURSE_MAINTAINED(user) ") "

# shellcheck shell=bash
# The demo: an organization tree of three levels, people, courses of every visibility, and lectures. Each step first looks for what
# it would make, so that an interrupted run goes on.

demo_organizations() {
  DEMO_ROOT=$(organization "Example University")
  DEMO_MIDDLE=$(organization "School of Engineering" "$DEMO_ROOT")
  DEMO_LEAF=$(organization "Chair of Robotics" "$DEMO_MIDDLE")
  DEMO_OTHER=$(organization "School of Sciences" "$DEMO_ROOT")
}

# person ROLE EMAIL NAME SYSTEM_ROLE
person() {
  make_credential "$1" "$2"
  if [ -z "$(ctl_json user list --filter "$2" | jq -r '.users[].name')" ]; then
    LECTERN_PASSWORD=$(password_of "$1") ctl user create --email "$2" --name "$3" --role "$4" >/dev/null
  fi
}

# course TITLE VISIBILITY ORGANIZATION: prints its name.
course() {
  local found
  found=$(ctl_json course list --org "$3" | jq -r --arg title "$1" '.courses[] | select(.title == $title) | .name' | head -1)
  [ -n "$found" ] || found=$(ctl_json course create --org "$3" --title "$1" --visibility "$2" --term 2026W | jq -r .name)
  echo "$found"
}

# lecture COURSE TITLE [OPTIONS...]: prints its name.
lecture() {
  local course=$1 title=$2 found
  shift 2
  found=$(ctl_json lecture list --course "$course" | jq -r --arg title "$title" '.lectures[] | select(.title == $title) | .name' | head -1)
  [ -n "$found" ] || found=$(ctl_json lecture create --course "$course" --title "$title" "$@" | jq -r .name)
  echo "$found"
}

# demo_media FOLDER: cam.mp4 and pres.mp4 of the first lecture, one file each for the others, and what the live encoder repeats.
demo_media() {
  local folder=$1
  mkdir -p "$folder"
  demo_speech "$folder/speech.wav"
  demo_deck "$folder" 0x0b57a4 "Robotics 1 · Prof. Lena Weber" pose <<'TEXT'
Pose of a rigid body
Robotics 1, lecture 1

How do we say where a body is,
and how it is turned?

Position and orientation
•  Position: a vector t with three numbers
•  Orientation: a rotation matrix R
•  A point of the body:  x′ = R x + t

Degrees of freedom
R has 9 numbers, but
•  its columns have length 1   (3 conditions)
•  they are orthogonal   (3 conditions)
→  3 degrees of freedom remain

Homogeneous coordinates
A fourth coordinate turns the translation
into a matrix product:
•  x̂ = (x, y, z, 1)
•  x̂′ = T x̂,  one matrix for the whole pose

How a camera sees the pose
•  from the body to the world:  T₁
•  from the world to the camera:  T₂
•  from the camera to the picture:  K

Summary
•  A pose is a position and an orientation
•  Three numbers for each
•  Exercise sheet 1 is on the course page

TEXT
  demo_deck "$folder" 0x0b57a4 "Robotics 1 · Prof. Lena Weber" course <<'TEXT'
What this course is about
Robotics 1, introduction

What you will learn
•  where a robot is, and how it moves
•  what it sees and decides
•  how it is controlled

Exercises
•  every second week, in groups of three
•  the first sheet comes next week

TEXT
  demo_deck "$folder" 0x0f766e "Mathematics for Engineers · Prof. Lena Weber" vectors <<'TEXT'
Vectors and spaces
Mathematics for Engineers, lecture 1

What is a vector?
•  an arrow that may be moved
•  a list of numbers
•  an element of a vector space

Linear independence
a₁v₁ + a₂v₂ + … + aₙvₙ = 0
only if all aᵢ are zero

TEXT
  demo_deck "$folder" 0x7c3aed "Introduction to Mechanics · Prof. Lena Weber" forces <<'TEXT'
Forces and moments
Introduction to Mechanics, lecture 1

Newton's three laws
•  A body at rest stays at rest
•  F = m a
•  actio = reactio

TEXT
  demo_deck "$folder" 0xb45309 "Public lecture series · School of Engineering" walk <<'TEXT'
How robots learn to walk
Public lecture series

Falling is part of it
•  Balance as a control problem
•  Learning from ten thousand falls
•  From the simulator to the street

TEXT
  demo_camera "$folder" 60 1280:720 "$folder/cam.mp4"
  demo_slides_video "$folder" pose 60 1280:720 "$folder/pres.mp4"
  local name
  for name in course vectors forces walk; do demo_slides_video "$folder" "$name" 30 640:360 "$folder/$name.mp4"; done
  demo_live_video "$folder" walk 60 "$folder/live.flv"
  rm "$folder"/*.png "$folder/speech.wav"
  touch "$folder/drawn"
}

demo_is_drawn() { [ -f "$DATA/demo/drawn" ] && [ -f "$DATA/demo/course.mp4" ]; }

demo_recording() {
  local folder=$DATA/demo
  local view
  for view in cam pres; do
    if ! ctl_json lecture show "$1" | jq -e --arg view "${view^^}" '.views[] | select(.view == $view and (.state == "PLAYABLE" or .state == "COMPLETE"))' >/dev/null; then
      ctl lecture upload "$1" --view "$view" "$folder/$view.mp4" --wait || die "the demo's recording did not become playable"
    fi
  done
}

# demo_composed LECTURE NAME: one composed recording; nobody waits for it.
demo_composed() {
  if [ "$(ctl_json lecture show "$1" | jq '.views | length')" = 0 ]; then ctl lecture upload "$1" --view comb "$DATA/demo/$2.mp4"; fi
}

# web METHOD PATH JSON: a call of the lecturer through the gateway, for what the command line has no word for.
web() {
  local jar=$DATA/demo/cookies url=http://$LISTEN:$(gateway_port 1)
  if [ ! -s "$jar" ]; then
    (umask 077 && jq -n --arg email "$(email_of lecturer)" --arg password "$(password_of lecturer)" '{email: $email, password: $password}' |
      curl -fsS -c "$jar" -H 'Content-Type: application/json' --data @- "$url/session" >/dev/null)
  fi
  printf '%s' "$3" | curl -fsS -b "$jar" -X "$1" -H 'Content-Type: application/json' -H 'Sec-Fetch-Site: same-origin' --data @- "$url/v1/$2"
}

web_sign_out() {
  curl -fsS -b "$DATA/demo/cookies" -X DELETE -H 'Sec-Fetch-Site: same-origin' "http://$LISTEN:$(gateway_port 1)/session" >/dev/null || true
  rm -f "$DATA/demo/cookies"
}

# demo_sections LECTURE: "SECONDS TITLE" lines from standard input.
demo_sections() {
  local seconds title
  [ "$(ctl_json lecture show "$1" | jq -r .description)" = "" ] || return 0
  while read -r seconds title; do
    web POST "$1/sections" "$(jq -n --arg position "${seconds}s" --arg title "$title" '{position: $position, title: $title}')" >/dev/null
  done
  web PATCH "$1" '{"description": "How we say where a rigid body is and how it is turned: rotation matrices, degrees of freedom, homogeneous coordinates."}' >/dev/null
}

# What a course's page says of it.
demo_descriptions() {
  web PATCH "$1" '{"description": "Kinematics, dynamics and control of robots, with exercises every second week.", "downloadsEnabled": true}' >/dev/null
  web PATCH "$2" '{"description": "For everybody who is curious: an evening lecture every month, live from the main building."}' >/dev/null
  web PATCH "$3" '{"description": "Vectors, linear maps, eigenvalues: what engineers need in the first year."}' >/dev/null
}

# at DAYS TIME: a time of day so many days from today, as the command line takes it.
at() { date -Is -d "$1 days $2"; }

# soon MINUTES [MINUTES]: the quarter of an hour after that many minutes from now, and so many minutes later.
soon() { date -Is -d "@$(((($(date +%s) + 60 * $1) / 900 + 1) * 900 + 60 * ${2:-0}))"; }

# Lectures of the other courses, so that there is something to look through.
demo_semester() {
  local maths mechanics series
  maths=$(course "Mathematics for Engineers" public "$DEMO_MIDDLE")
  mechanics=$(course "Introduction to Mechanics" logged-in "$DEMO_MIDDLE")
  series=$(course "Public lecture series" public "$DEMO_MIDDLE")
  demo_composed "$(lecture "$maths" "1. Vectors and spaces" --start "$(at -8 08:15)" --end "$(at -8 09:45)")" vectors
  lecture "$maths" "2. Linear maps" --start "$(soon 170)" --end "$(soon 170 90)" >/dev/null
  lecture "$maths" "3. Eigenvalues" --start "$(at +6 08:15)" --end "$(at +6 09:45)" >/dev/null
  demo_composed "$(lecture "$mechanics" "1. Forces and moments" --start "$(at -6 14:15)" --end "$(at -6 15:45)")" forces
  lecture "$mechanics" "2. Friction" --start "$(soon 1190)" --end "$(soon 1190 90)" >/dev/null
  demo_composed "$(lecture "$series" "How robots learn to walk" --start "$(at -13 18:30)" --end "$(at -13 19:30)")" walk
}

make_demo() {
  [ ! -f "$DATA/demo/ids" ] || return 0
  step "Making the demo"
  mkdir -p "$DATA/demo"
  sign_in admin
  demo_organizations
  person maintainer it@example.org "Ida Torres" lecturer
  person lecturer lecturer@example.org "Prof. Lena Weber" lecturer
  person student student@example.org "Sam Okafor" student
  ctl installation set --name "Example University" --support help@example.org >/dev/null
  ctl org maintainer add "$DEMO_MIDDLE" it@example.org >/dev/null
  ctl resource share "$(ctl_json resource list --org "$DEMO_OTHER" --kind worker | jq -r '.resources[0].name')" >/dev/null
  local robotics open campus maths hidden one introduction recorded upcoming
  robotics=$(course "Robotics 1" enrolled "$DEMO_LEAF")
  open=$(course "Public lecture series" public "$DEMO_MIDDLE")
  campus=$(course "Introduction to Mechanics" logged-in "$DEMO_MIDDLE")
  maths=$(course "Mathematics for Engineers" public "$DEMO_MIDDLE")
  hidden=$(course "Rehearsal room" hidden "$DEMO_LEAF")
  for one in "$robotics" "$open" "$campus" "$maths" "$hidden"; do ctl course enrol "$one" lecturer@example.org --role lecturer >/dev/null; done
  ctl course enrol "$robotics" student@example.org >/dev/null
  sign_in lecturer
  recorded=$(lecture "$robotics" "1. Pose of a rigid body" --start "$(at -7 10:15)" --end "$(at -7 11:45)")
  upcoming=$(lecture "$robotics" "2. Kinematics" --start "$(at +2 10:15)" --end "$(at +2 11:45)")
  [ -s "$DATA/demo/personal_token" ] || (umask 077 && ctl token create --name demo >"$DATA/demo/personal_token")
  introduction=$(lecture "$robotics" "Introduction" --start "$(at -14 10:15)" --end "$(at -14 11:45)")
  lecture "$robotics" "3. Dynamics" --start "$(at +9 10:15)" --end "$(at +9 11:45)" >/dev/null
  demo_is_drawn || demo_media "$DATA/demo"
  demo_recording "$recorded"
  demo_composed "$introduction" course
  demo_sections "$recorded" <<'TEXT'
0 Welcome
17 Position and orientation
26 Degrees of freedom
34 Homogeneous coordinates
43 How a camera sees the pose
51 Summary
TEXT
  demo_descriptions "$robotics" "$open" "$maths"
  web_sign_out
  demo_semester
  printf 'recorded=%s\nupcoming=%s\n' "${recorded#lectures/}" "${upcoming#lectures/}" >"$DATA/demo/ids"
  own_data
}

# ---- A lecture that is live now: an encoder that streams a clip over and over, for three hours from each `up` that finds none. ----

DEMO_LIVE_SECONDS=10800

demo_live_is_due() {
  local id
  id=$(sed -n 's/^live=//p' "$DATA/demo/ids")
  [ -n "$id" ] && [ "$(cat "$DATA/demo/live-until" 2>/dev/null || echo 0)" -gt "$(date +%s)" ]
}

# The stream key is a secret: it reaches the encoder as a file, never as an argument.
write_demo_encoder() {
  write_service demo-encoder <<RUN
left=\$((\$(cat $(q "$DATA/demo/live-until")) - \$(date +%s)))
if [ "\$left" -le 0 ]; then exec sleep 86400; fi
exec $(q "$DATA/bin/lecternctl") stream $(q "$DATA/demo/live.flv") --loop --for "\${left}s" \\
  --server rtmp://$LISTEN:$(port_of rtmp)/live --token-file $(q "$DATA/demo/personal_token")
RUN
}

demo_live() {
  local course live until
  demo_is_drawn || demo_media "$DATA/demo"
  if ! demo_live_is_due; then
    sign_in lecturer
    until=$(($(date +%s) + DEMO_LIVE_SECONDS))
    course=$(ctl_json course list | jq -r '.courses[] | select(.title == "Public lecture series") | .name' | head -1)
    live=$(ctl_json lecture create --course "$course" --title "Open house" --start "$(date -Is -d '-1 minute')" \
      --end "$(date -Is -d "@$until")" | jq -r .name)
    sed -i '/^live=/d' "$DATA/demo/ids"
    printf 'live=%s\n' "${live#lectures/}" >>"$DATA/demo/ids"
    printf '%s\n' "$until" >"$DATA/demo/live-until"
    touch "$DATA/run/restart-demo-encoder"
  fi
  write_demo_encoder
  own_data
  start_service demo-encoder
  wait_for 30 "the live lecture" demo_is_on_air || say "it may still come; see $DATA/log/rtmp-proxy/current"
}

demo_is_on_air() { [ "$(ctl_json lecture show "$(sed -n 's/^live=//p' "$DATA/demo/ids")" | jq -r .state)" = LIVE ]; }

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

# Spoken sentences with pauses, as in a lecture.
demo_speech() {
  espeak-ng -v en -s 150 -m -w "$1" '<speak>Welcome to the first lecture on robotics. <break time="3s"/>
    Today we look at the pose of a rigid body, and at how a camera sees it. <break time="4s"/>
    A rotation matrix has nine numbers, but only three degrees of freedom. <break time="3s"/>
    Let us write that on the board. <break time="8s"/>
    Are there any questions so far? <break time="6s"/>
    Then we go on with homogeneous coordinates. A fourth coordinate turns a translation into a matrix product. <break time="5s"/>
    That is all for today. The exercise sheet is on the course page.</speak>'
}

# demo_media FOLDER: cam.mp4 (moving picture) and pres.mp4 (slides as text), both with the same sound.
demo_media() {
  local folder=$1 font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf seconds=60
  local encode=(-t "$seconds" -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 50 -c:a aac -b:a 128k -ac 2 -ar 48000 -movflags +faststart)
  mkdir -p "$folder"
  demo_speech "$folder/speech.wav"
  ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=1280x720:rate=25" -i "$folder/speech.wav" -af apad "${encode[@]}" "$folder/cam.mp4"
  ffmpeg -nostdin -v error -y -f lavfi -i "color=c=white:size=1280x720:rate=25" -i "$folder/speech.wav" -af apad \
    -vf "drawtext=fontfile=$font:fontsize=64:x=80:y=120:text='Robotics 1',drawtext=fontfile=$font:fontsize=40:x=80:y=280:text='Slide %{eif\:1+t/10\:d}',drawtext=fontfile=$font:fontsize=28:x=80:y=600:text='%{pts\:hms}'" \
    "${encode[@]}" "$folder/pres.mp4"
  rm "$folder/speech.wav"
}

demo_recording() {
  local folder=$DATA/demo
  if [ ! -f "$folder/pres.mp4" ] || [ ! -f "$folder/cam.mp4" ]; then demo_media "$folder"; fi
  local view
  for view in cam pres; do
    if ! ctl_json lecture show "$1" | jq -e --arg view "${view^^}" '.views[] | select(.view == $view and (.state == "PLAYABLE" or .state == "COMPLETE"))' >/dev/null; then
      ctl lecture upload "$1" --view "$view" "$folder/$view.mp4" --wait || die "the demo's recording did not become playable"
    fi
  done
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
  ctl org maintainer add "$DEMO_MIDDLE" it@example.org >/dev/null
  ctl resource share "$(ctl_json resource list --org "$DEMO_OTHER" --kind worker | jq -r '.resources[0].name')" >/dev/null
  local robotics open campus hidden one recorded upcoming
  robotics=$(course "Robotics 1" enrolled "$DEMO_LEAF")
  open=$(course "Public lecture series" public "$DEMO_MIDDLE")
  campus=$(course "Introduction to Mechanics" logged-in "$DEMO_MIDDLE")
  hidden=$(course "Rehearsal room" hidden "$DEMO_LEAF")
  for one in "$robotics" "$open" "$campus" "$hidden"; do ctl course enrol "$one" lecturer@example.org --role lecturer >/dev/null; done
  ctl course enrol "$robotics" student@example.org >/dev/null
  sign_in lecturer
  recorded=$(lecture "$robotics" "1. Pose of a rigid body" --start "$(date -Is -d '-7 days')" --end "$(date -Is -d '-7 days +90 minutes')")
  upcoming=$(lecture "$robotics" "2. Kinematics" --start "$(date -Is -d '+2 days')" --end "$(date -Is -d '+2 days +90 minutes')")
  [ -s "$DATA/demo/personal_token" ] || (umask 077 && ctl token create --name demo >"$DATA/demo/personal_token")
  demo_recording "$recorded"
  printf 'recorded=%s\nupcoming=%s\n' "${recorded#lectures/}" "${upcoming#lectures/}" >"$DATA/demo/ids"
  own_data
}

# ---- A lecture that is live now: an encoder that streams a clip over and over, for three hours from each `up` that finds none. ----

DEMO_LIVE_SECONDS=10800

demo_live_clip() {
  local folder=$DATA/demo font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
  [ ! -f "$folder/live.flv" ] || return 0
  demo_speech "$folder/live.wav"
  ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=640x360:rate=25" -i "$folder/live.wav" -af apad -t 60 \
    -vf "drawtext=fontfile=$font:fontsize=28:x=20:y=310:box=1:text='Open house, live'" \
    -c:v libx264 -preset veryfast -crf 28 -maxrate 500k -bufsize 1000k -pix_fmt yuv420p -g 50 -sc_threshold 0 \
    -c:a aac -b:a 96k -ac 2 -ar 48000 "$folder/live.flv"
  rm "$folder/live.wav"
}

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
  demo_live_clip
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

#!/bin/sh
# Run the main workflow against `make run` or `make up` over HTTP: accounts, a project, tasks, files, mail, a reminder.
#
#   make run                    # in one terminal
#   docs/quickstart.sh          # in another; API=http://... for another address
#
# Needs curl and python3.
set -eu
cd "$(dirname "$0")/.."
command -v curl >/dev/null || { echo "error: curl is not installed" >&2; exit 1; }
outputs=.local/outputs.json
[ -f "$outputs" ] || { echo "error: no local cloud runs; start it with make run or make up" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

step() { printf '\n== %s\n' "$1"; }
fail() { printf 'error: %s\n' "$1" >&2; exit 1; }

# field NAME[.NAME...] - print one field of the JSON on standard input
field() {
  python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, name: value[name], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"
}

# call METHOD PATH [JSON] - send a request with $token and print the response body; exit on an error
call() {
  curl --silent --show-error --fail-with-body --request "$1" "$API$2" \
    --header "Authorization: Bearer ${token:-}" --header 'Content-Type: application/json' \
    ${3:+--data "$3"} || fail "$1 $2"
}

# status METHOD PATH - send a request with $token and print only the status code
status() {
  curl --silent --output /dev/null --write-out '%{http_code}' --request "$1" "$API$2" \
    --header "Authorization: Bearer ${token:-}"
}

# sign_up NAME - register, log in and set $token
sign_up() {
  call POST /auth/register/ '{"username": "'"$1"'", "email": "'"$1"'@example.com",
    "password": "correct horse battery", "password_confirm": "correct horse battery"}' >/dev/null
  token=$(call POST /auth/login/ '{"email": "'"$1"'@example.com",
    "password": "correct horse battery"}' | field access)
}

# mails SUBJECT - print the number of mails to bob whose subject begins with SUBJECT
mails() {
  curl --silent "$mailbox" | python3 -c 'import json, sys
mails = [m for box in json.load(sys.stdin)["messages"].values() for m in box]
print(sum(sys.argv[1] in m["To"] and m["Subject"].startswith(sys.argv[2]) for m in mails))' \
    "$bob@example.com" "$1"
}

# wait_for_mail SUBJECT - wait up to 30 s for a mail to bob whose subject begins with SUBJECT
wait_for_mail() {
  tries=0
  until [ "$(mails "$1")" -ge 1 ]; do
    tries=$((tries + 1))
    [ "$tries" -le 60 ] || fail "no mail \"$1\" within 30 s"
    sleep 0.5
  done
  echo "arrived: \"$1 ...\""
}

API=${API:-$(field api_url <"$outputs")}
mailbox=$(field mailbox_url <"$outputs")
run=$(date +%s)
ann=ann$run bob=bob$run

step 'Register two users and log in'
sign_up "$bob"
bob_id=$(call GET /auth/profile/ | field id)
# Reminders are sent from 09:00 local time on. Before 09:00 UTC, bob gets a time zone where it is later.
[ "$(date -u +%H)" -ge 9 ] || call PATCH /auth/profile/ '{"time_zone": "Etc/GMT-10"}' >/dev/null
sign_up "$ann"
call GET /auth/profile/; echo

step 'Create a project with both users, and a task due in 12 hours'
project=$(call POST /projects/ '{"name": "Launch"}' | field id)
call POST "/projects/$project/members/" '{"user_id": "'"$bob_id"'"}'; echo
due=$(python3 -c 'from datetime import datetime, timedelta, timezone
print((datetime.now(timezone.utc) + timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ"))')
task=$(call POST /tasks/ '{"project": "'"$project"'", "title": "Write the plan",
  "due_date": "'"$due"'"}' | field id)
call PATCH "/tasks/$task/status/" '{"status": "in_progress"}'; echo
call GET "/tasks/?project=$project&status=in_progress"; echo

step 'Upload an image and a 5 MB file directly to the storage, and download them'
# upload FILE TYPE [FILE TO SEND INSTEAD] - announce FILE, post the signed form and print the status code
upload() {
  call POST "/tasks/$task/attachments/" '{"filename": "'"$(basename "$1")"'",
    "content_type": "'"$2"'", "size": '"$(wc -c <"$1")"'}' >"$folder/answer"
  attachment=$(field attachment.id <"$folder/answer")
  python3 -c 'import json, sys
upload = json.load(open(sys.argv[1]))["upload"]
for name, value in upload["fields"].items():
    print("form = \"%s=%s\"" % (name, value))
print("form = \"file=@%s\"" % sys.argv[2])
print("url = \"%s\"" % upload["url"])' "$folder/answer" "${3:-$1}" >"$folder/form"
  curl --silent --output "$folder/stored" --write-out '%{http_code}' --config "$folder/form"
}
python3 -c 'import base64, sys
open(sys.argv[1] + "/picture.png", "wb").write(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="))
open(sys.argv[1] + "/data.bin", "wb").write(bytes(range(256)) * 20480)
open(sys.argv[1] + "/longer.bin", "wb").write(bytes(range(256)) * 20480 + b"1")' "$folder"
for file in picture.png:image/png data.bin:application/octet-stream; do
  name=${file%%:*}
  code=$(upload "$folder/$name" "${file#*:}")
  attachment=$(field attachment.id <"$folder/answer")
  case $code in 2*) ;; *) fail "the storage returned $code" ;; esac
  call POST "/tasks/$task/attachments/$attachment/complete/" >/dev/null
  url=$(call GET "/tasks/$task/attachments/$attachment/download/" | field url)
  curl --silent --fail --output "$folder/back" "$url"
  cmp "$folder/$name" "$folder/back" && echo "$name: the download is identical"
done
code=$(upload "$folder/data.bin" application/octet-stream "$folder/longer.bin")
[ "$code" = 400 ] || fail "a file one byte too long returned $code"
echo 'a file one byte longer than announced: refused by the storage (400)'

step 'Assign the task: the assignee gets a mail'
call PATCH "/tasks/$task/assign/" '{"assigned_to": "'"$bob_id"'"}' >/dev/null
wait_for_mail 'Assigned to you'

step 'Run the reminder job twice: one reminder is sent'
for _ in 1 2; do
  make --no-print-directory invoke FUNCTION=SendReminders EVENT=events/send_reminders.json
done
wait_for_mail 'Due soon'
[ "$(mails 'Due soon')" = 1 ] || fail 'more than one reminder'

step 'Log out: the token is refused'
call POST /auth/logout/
code=$(status GET /auth/profile/)
[ "$code" = 401 ] || fail "a token returned $code after the logout"
echo '401'

printf '\nAll steps succeeded.\n'

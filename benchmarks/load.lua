-- What wrk sends: a list of targets in turn, `{n}` in them replaced by a number that never repeats.
-- Arguments: method, file of targets, file of the body or "-", first number, then header fields as "Name: value".

local method, body, fields = "GET", nil, {}
local targets, ready = {}, {}
local number, turn = 0, 0

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(args)
  method = args[1]
  if args[3] ~= "-" then body = read(args[3]) end
  number = tonumber(args[4])
  for index = 5, #args do
    local name, value = args[index]:match("^(.-): (.*)$")
    fields[name] = value
  end
  for line in io.lines(args[2]) do
    targets[#targets + 1] = line
    -- a target without a number is written once, so that sending costs next to nothing
    ready[#targets] = not line:find("{n}", 1, true) and wrk.format(method, line, fields, body) or false
  end
end

function request()
  turn = turn % #targets + 1
  if ready[turn] then return ready[turn] end
  number = number + 1
  return wrk.format(method, (targets[turn]:gsub("{n}", string.format("%d", number))), fields, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"answers": %d, "microseconds": %d, "bytes": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end

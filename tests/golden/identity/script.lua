local client_id_header = "x-user-id"
local previous_suffix = ".previous"
local headers = {"x-user-group", "x-user-tier"}
-- Each line: the values of these headers, and who has them.
local consumers = [[
/free/ dave
research// carol
search/gold/ search.alice search.bob
]]

local nobody = ("/"):rep(#headers)
local values_of = {}
for values, ids in consumers:gmatch("(%S+) ([^\n]+)\n") do
  for id in ids:gmatch("%S+") do values_of[id] = values end
end

function envoy_on_request(handle)
  local request = handle:headers()
  local id = request:get(client_id_header)
  if id and #id > #previous_suffix and id:sub(-#previous_suffix) == previous_suffix then
    id = id:sub(1, -#previous_suffix - 1)
    request:replace(client_id_header, id)
  end
  local number = 0
  for value in (id and values_of[id] or nobody):gmatch("([^/]*)/") do
    number = number + 1
    if value == "" then
      request:remove(headers[number])
    else
      request:replace(headers[number], value)
    end
  end
end

-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- options.lua - TCP options as a script for Wireshark would show them: the plugin's rival in
-- tests/bench/dissector.sh, and nothing that anybody should use.
--
-- A postdissector, as Lua has no other way to see TCP options that Wireshark dissects itself. For the
-- same everyday options as the plugin (kinds 28, 30, 253, 254) it shows names and values, where the
-- peer had sent the option first, where this sender did, and how often. It knows no rules, no echoes'
-- contradictions, no option space, no hook records and no user's options, all of which the plugin's
-- figures include.

local proto = Proto("lua_options", "TCP Options (Lua)")

local f = {
    option = ProtoField.string("lua_options.option", "Option"),
    octets = ProtoField.bytes("lua_options.octets", "Octets"),
    asked_in = ProtoField.framenum("lua_options.asked_in", "Asked in"),
    first_in = ProtoField.framenum("lua_options.first_in", "First in"),
    count = ProtoField.uint32("lua_options.count", "Count"),
    echo = ProtoField.bool("lua_options.echo", "Echo"),
    algorithm = ProtoField.uint16("lua_options.cc.algorithm", "Algorithm", base.DEC,
        { [0] = "vegas", "reno", "bbr", "cubic" }),
    iw_segments = ProtoField.uint16("lua_options.iw.segments", "Segments"),
    divisor = ProtoField.uint8("lua_options.delack.divisor", "Divisor"),
    delack_segments = ProtoField.uint8("lua_options.delack.segments", "Segments"),
    limit = ProtoField.uint32("lua_options.rate.limit", "Limit"),
    scheduler = ProtoField.uint16("lua_options.sched.scheduler", "Scheduler", base.DEC,
        { [0] = "default", "redundant", "blest", "roundrobin" }),
    threshold = ProtoField.uint16("lua_options.delay.threshold", "Threshold"),
    ito = ProtoField.uint16("lua_options.ito.timeout", "Timeout"),
    granularity = ProtoField.bool("lua_options.uto.granularity", "Minutes"),
    uto = ProtoField.uint32("lua_options.uto.timeout", "Timeout"),
}
proto.fields = {}
for _, field in pairs(f) do
    table.insert(proto.fields, field)
end

local tcp_options, tcp_stream = Field.new("tcp.options"), Field.new("tcp.stream")
local tcp_srcport = Field.new("tcp.srcport")

-- What is known of an option by stream and name; by sender's port within.
local stories = {}

function proto.init()
    stories = {}
end

-- By ExID; by experiment id of MPTCP's private subtype. Each: name, then what adds the values.
local by_exid = {
    [0x4F43] = { "cc", function(tree, value)
        tree:add(f.algorithm, value(4, 2))
    end },
    [0x4F49] = { "iw", function(tree, value)
        tree:add(f.iw_segments, value(4, 2))
    end },
    [0x4F44] = { "delack", function(tree, value)
        tree:add(f.divisor, value(4, 1))
        tree:add(f.delack_segments, value(5, 1))
    end },
}
local by_experiment = {
    [1] = { "rate", function(tree, value)
        tree:add(f.limit, value(4, 4))
    end },
    [2] = { "sched", function(tree, value)
        tree:add(f.scheduler, value(4, 2))
    end },
    [3] = { "delay", function(tree, value)
        tree:add(f.threshold, value(4, 2))
    end },
    [4] = { "ito", function(tree, value)
        tree:add(f.ito, value(4, 2))
    end },
}
local uto = { "uto", function(tree, value)
    tree:add(f.granularity, value(2, 1))
    local number = value(2, 2):uint()
    tree:add(f.uto, value(2, 2), (number % 0x8000) * (number >= 0x8000 and 60 or 1))
end }
local lengths = { cc = 6, iw = 6, delack = 6, rate = 8, sched = 6, delay = 6, ito = 6, uto = 4 }

-- Name, function and whether it is an echo; nil for what Wireshark shows itself.
local function look_up(kind, length, range, at)
    if kind == 253 or kind == 254 then
        if length < 4 then
            return "kind-" .. kind
        end
        local exid = range(at + 2, 2):uint()
        local known = by_exid[exid]
        if known then
            return known[1], known[2], false
        end
        return string.format("exid-0x%04X", exid)
    elseif kind == 28 then
        return uto[1], uto[2], false
    elseif kind == 30 and length >= 4 and range(at + 2, 1):uint() >= 0xF0 then
        local known = by_experiment[range(at + 3, 1):uint()]
        if known then
            return known[1], known[2], range(at + 2, 1):uint() % 2 == 1
        end
        return "mptcp-15"
    end
    return nil
end

local function tell(pinfo, stream, port, name, echo)
    local key = stream .. name .. (echo and "+" or "")
    local story = stories[key]
    if story == nil then
        story = {}
        stories[key] = story
    end
    local mine = story[port]
    if mine == nil then
        mine = { first_in = pinfo.number, count = 0 }
        story[port] = mine
    end
    if not pinfo.visited then
        mine.count = mine.count + 1
    end
    for other, theirs in pairs(story) do
        if other ~= port then
            return mine, theirs
        end
    end
    return mine, nil
end

local function add(pinfo, tree, stream, port, range, at, length, name, values, echo)
    local whole = range(at, length)
    local subtree = tree:add(proto, whole, "TCP option: " .. name)
    subtree:add(f.option, whole, name)
    if values and length == lengths[name] then
        values(subtree, function(offset, n)
            return range(at + offset, n)
        end)
    elseif length > 2 then
        subtree:add(f.octets, range(at + 2, length - 2))
    end
    if echo then
        subtree:add(f.echo, echo)
    end
    local mine, theirs = tell(pinfo, stream, port, name, echo)
    subtree:add(f.first_in, mine.first_in):set_generated()
    subtree:add(f.count, mine.count):set_generated()
    if theirs and theirs.first_in < mine.first_in then
        subtree:add(f.asked_in, theirs.first_in):set_generated()
    end
end

function proto.dissector(_, pinfo, tree)
    local options = tcp_options()
    if options == nil then
        return
    end
    local range = options.range
    local at, size = 0, range:len()
    while at < size do
        local kind = range(at, 1):uint()
        if kind == 0 then
            return
        elseif kind == 1 then
            at = at + 1
        else
            local length = at + 1 < size and range(at + 1, 1):uint() or 0
            if length < 2 or at + length > size then
                return
            end
            local name, values, echo = look_up(kind, length, range, at)
            if name then
                add(pinfo, tree, tcp_stream().value, tcp_srcport().value, range, at, length, name,
                    values, echo)
            end
            at = at + length
        end
    end
end

register_postdissector(proto)

%% The peer workloads on Erlang/OTP: one process per actor, its own mailbox
%% (unbounded), plain sends. Definitions: ../../README.md
-module(bench).
-export([main/1, init/1, handle_call/3, handle_cast/2, phoenix/1, phoenix_init/1]).
-compile({inline, [step/1]}).

main([Name0]) ->
    Name = list_to_atom(Name0),
    Div = case os:getenv("PEERS_DIV") of false -> 1; S -> list_to_integer(S) end,
    Me = self(),
    %% A fresh process is the coordinator, as a program's own process would be.
    {Pid, Ref} = spawn_monitor(fun() -> Me ! {result, run(Name, Div)} end),
    receive
        {result, {N, Ns, Extra}} ->
            Sec = Ns / 1.0e9,
            Scheds = erlang:system_info(schedulers_online),
            Peer = case Scheds of 1 -> "erlang-1"; _ -> "erlang" end,
            io:format("{\"peer\":\"~s\",\"version\":\"OTP ~s erts ~s\",\"threads\":~b,"
                      "\"bench\":\"~s\",\"n\":~b,\"seconds\":~.6f,\"ops_per_s\":~.1f,"
                      "\"peak_rss_kb\":~b~s}~n",
                      [Peer, erlang:system_info(otp_release),
                       erlang:system_info(version), Scheds, Name, N, Sec,
                       N / Sec, status_kb("VmHWM:"), Extra]);
        {'DOWN', Ref, process, Pid, Why} when Why =/= normal ->
            io:format("{\"peer\":\"erlang\",\"bench\":\"~s\",\"error\":\"crashed\"}~n", [Name]),
            io:format(standard_error, "~p~n", [Why])
    end,
    halt().

t() -> erlang:monotonic_time(nanosecond).

status_kb(Key) ->
    {ok, B} = file:read_file("/proc/self/status"),
    [Line] = [L || L <- string:split(binary_to_list(B), "\n", all), lists:prefix(Key, L)],
    [_, Kb | _] = string:lexemes(Line, " \t"),
    list_to_integer(Kb).

timed(N, F) -> T0 = t(), F(), {N, t() - T0, ""}.

%% a. pingpong
run(pingpong, D) ->
    N = 1000000 div D, Me = self(),
    timed(N, fun() ->
        Pong = spawn(fun pong/0),
        spawn(fun() -> ping(N, Pong), Me ! done end),
        receive done -> ok end
    end);

%% b. ring
run(ring, D) ->
    N = 5000000 div D, Me = self(),
    timed(N, fun() ->
        First = spawn(fun() -> receive {next, X} -> ring(X, Me) end end),
        Second = lists:foldl(fun(_, Next) -> spawn(fun() -> ring(Next, Me) end) end,
                             First, lists:seq(1, 999)),
        First ! {next, Second},
        First ! {token, N - 1},
        receive done -> ok end
    end);

%% c. counting
run(counting, D) ->
    N = 10000000 div D, Me = self(),
    timed(N, fun() ->
        C = spawn(fun() -> counter(0) end),
        spawn(fun() ->
            send_incs(C, N),
            C ! {get, self()},
            receive {total, T} -> Me ! {total, T} end
        end),
        receive {total, N} -> ok end
    end);

%% d. fanin (and the same with the consumer's queue off its heap)
run(fanin, D) -> fanin(D, []);
run(fanin_offheap, D) -> fanin(D, [{message_queue_data, off_heap}]);

%% e. create
run(create, D) ->
    N = 1000000 div D, Me = self(),
    timed(N, fun() ->
        A = atomics:new(1, []), atomics:put(A, 1, N),
        create(N, A, Me),
        receive done -> ok end
    end);

%% f. idle
run(idle, D) ->
    N = 1000000 div D, Me = self(),
    A = atomics:new(2, []), atomics:put(A, 2, N),
    erlang:garbage_collect(),
    R0 = status_kb("VmRSS:"),
    T0 = t(),
    Pids = idle_spawn(N, A, Me, []),
    wait_for(A, N),
    T1 = t(),
    timer:sleep(300),
    R1 = status_kb("VmRSS:"),
    T2 = t(),
    [P ! stop || P <- Pids],
    receive done -> ok end,
    T3 = t(),
    {N, (T1 - T0) + (T3 - T2),
     io_lib:format(",\"bytes_per_actor\":~.1f,\"spawn_s\":~.6f,\"stop_s\":~.6f",
                   [(R1 - R0) * 1024 / N, (T1 - T0) / 1.0e9, (T3 - T2) / 1.0e9])};

%% g. fjthr
run(fjthr, D) ->
    Per = 200000 div D, Me = self(),
    timed(60 * Per, fun() ->
        Pids = [spawn(fun() -> sink(Per, Me) end) || _ <- lists:seq(1, 60)],
        spawn(fun() -> rounds(Per, Pids) end),
        collect(60)
    end);

%% h. big
run(big, D) ->
    Per = 10000 div D, Me = self(),
    timed(200 * Per, fun() ->
        Pids = list_to_tuple(
            [spawn(fun() ->
                 receive {peers, T} -> big_ping(I, Per, I * 7919 + 17, T, Me) end
             end) || I <- lists:seq(0, 199)]),
        [P ! {peers, Pids} || P <- tuple_to_list(Pids)],
        collect(200),
        [P ! exit || P <- tuple_to_list(Pids)]
    end);

%% i. chameneos
run(chameneos, D) ->
    N = 1000000 div D, Me = self(),
    timed(N, fun() ->
        Mall = spawn(fun() -> mall(N, none, 100, 0, Me) end),
        [spawn(fun() -> Mall ! {meet, I rem 3, self()}, creature(Mall, I rem 3, 0) end)
         || I <- lists:seq(1, 100)],
        Total = 2 * N,
        receive {sum, Total} -> ok end
    end);

%% j. ask: the protocol of gen_server:call (monitor + alias), written out
run(ask, D) ->
    Per = 100000 div D, Me = self(),
    timed(16 * Per, fun() ->
        S = spawn(fun ask_server/0),
        [spawn(fun() -> ask(S, Per), Me ! done end) || _ <- lists:seq(1, 16)],
        collect(16)
    end);
%% the same with a bare reference per request (no monitor, no alias)
run(ask_ref, D) ->
    Per = 100000 div D, Me = self(),
    timed(16 * Per, fun() ->
        S = spawn(fun ask_ref_server/0),
        [spawn(fun() -> ask_ref(S, Per), Me ! done end) || _ <- lists:seq(1, 16)],
        collect(16)
    end);
%% the same through the gen_server library itself
run(ask_gs, D) ->
    Per = 100000 div D, Me = self(),
    timed(16 * Per, fun() ->
        {ok, S} = gen_server:start(?MODULE, [], []),
        [spawn(fun() -> ask_gs(S, Per), Me ! done end) || _ <- lists:seq(1, 16)],
        collect(16)
    end);

%% k. pipeline
run(pipeline, D) ->
    N = 2000000 div D, Me = self(),
    timed(N, fun() ->
        Sink = spawn(fun() -> psink(N, Me) end),
        First = lists:foldl(fun(_, Next) -> spawn(fun() -> stage(Next) end) end,
                            Sink, lists:seq(1, 4)),
        spawn(fun() -> source(First, N) end),
        receive done -> ok end
    end);

%% latency: a server that computes 2 us for each request; requests are due at
%% random times, and a process for each one asks. Its latency counts from when it
%% was due. Rate 0: 64 on their way at any time.
run(latency, _) ->
    Rate = env("PEERS_RATE", 50000), Seconds = env("PEERS_SECONDS", 3),
    Steps = steps_in(2000, 20, infinity),
    S = spawn(fun() -> servant(Steps) end),
    Counts = counters:new(64 * 58, [write_concurrency]),
    Answered = atomics:new(1, []),
    Cpu0 = cpu_s(),
    From = t(), End = From + Seconds * 1000000000,
    L = {S, Counts, Answered, From + 200000000},
    Begun = case Rate of
        0 -> fire_when_answered(L, End, 0);
        _ -> fire_at_random_times(L, Rate, From * 1.0, End, 17, 0)
    end,
    wait_for(fun() -> atomics:get(Answered, 1) =:= Begun end),
    Ns = t() - From,
    {Begun, Ns,
     io_lib:format(",\"rate\":~b,\"p50_us\":~.3f,\"p99_us\":~.3f,\"p999_us\":~.3f,\"max_us\":~.3f,\"cpu_s\":~.3f",
                   [Rate] ++ [histogram_at(Counts, P) / 1000 || P <- [0.5, 0.99, 0.999, 1]] ++ [cpu_s() - Cpu0])};

%% l. skynet
run(skynet, D) ->
    N = case D of 1 -> 1000000; _ -> 1000 end, Me = self(),
    timed(N, fun() ->
        spawn(fun() -> sky(Me, 0, N) end),
        Want = N * (N - 1) div 2,
        receive {sum, Want} -> ok end
    end);

%% restart: a supervised process exits, and handles the next message in its next life. A process that proc_lib starts,
%% with a registered name: the least that a supervisor can restart.
run(restart, D) ->
    N = 20000 div D,
    logger:set_primary_config(level, none),
    Times = ets:new(times, [public, duplicate_bag]),
    Fell = atomics:new(1, []),
    {_, Ns, _} = timed(N, fun() -> some_falls(N, {Fell, Times}) end),
    Sorted = list_to_tuple(lists:sort([T || {took, T} <- ets:tab2list(Times)])),
    N = tuple_size(Sorted),
    {N, Ns, io_lib:format(",\"p50_us\":~.3f,\"p99_us\":~.3f",
                          [element(N div 2 + 1, Sorted) / 1000, element(N * 99 div 100 + 1, Sorted) / 1000])}.

%% A supervisor looks through all restarts of its period, of which the shortest is a second: so it is a new one now and then.
some_falls(0, _) -> ok;
some_falls(N, Arg) ->
    {ok, Sup} = supervisor:start_link(?MODULE, {tree, Arg}),
    falls(min(N, 100)),
    unlink(Sup),
    M = erlang:monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', M, process, _, _} -> some_falls(N - min(N, 100), Arg) end.

falls(0) -> ok;
falls(N) -> phoenix ! fall, rise(), falls(N - 1).
%% Its name is nobody's until it is there again.
rise() ->
    case whereis(phoenix) of
        undefined -> erlang:yield(), rise();
        Pid ->
            M = erlang:monitor(process, Pid),
            Pid ! {rise, self(), M},
            receive
                {M, 1} -> erlang:demonitor(M, [flush]);
                {'DOWN', M, process, _, _} -> rise()
            end
    end.

phoenix(Arg) -> proc_lib:start_link(?MODULE, phoenix_init, [Arg]).
phoenix_init(Arg) ->
    register(phoenix, self()),
    proc_lib:init_ack({ok, self()}),
    phoenix_loop(Arg, 1).
phoenix_loop({Fell, Times} = Arg, Rises) ->
    receive
        fall ->
            atomics:put(Fell, 1, t()),
            exit(it_falls);
        {rise, From, M} ->
            ets:insert(Times, {took, t() - atomics:get(Fell, 1)}),
            From ! {M, Rises},
            phoenix_loop(Arg, Rises + 1)
    end.

collect(0) -> ok;
collect(N) -> receive done -> collect(N - 1) end.

ping(0, _) -> ok;
ping(N, P) -> P ! {ping, self()}, receive pong -> ping(N - 1, P) end.
pong() -> receive {ping, From} -> From ! pong, pong() end.

ring(Next, Main) ->
    receive
        {token, 0} -> Main ! done, ring(Next, Main);
        {token, K} -> Next ! {token, K - 1}, ring(Next, Main)
    end.

counter(C) ->
    receive
        {inc, _} -> counter(C + 1);
        {get, From} -> From ! {total, C}
    end.
send_incs(_, 0) -> ok;
send_incs(P, N) -> P ! {inc, N}, send_incs(P, N - 1).

fanin(D, Opts) ->
    Per = 1000000 div D, Me = self(),
    timed(8 * Per, fun() ->
        C = spawn_opt(fun() -> sink(8 * Per, Me) end, Opts),
        [spawn(fun() -> send_incs(C, Per) end) || _ <- lists:seq(1, 8)],
        receive done -> ok end
    end).
sink(0, Main) -> Main ! done;
sink(N, Main) -> receive {inc, _} -> sink(N - 1, Main) end.

create(0, _, _) -> ok;
create(N, A, Main) ->
    P = spawn(fun() -> receive {go, _} -> down(A, 1, Main) end end),
    P ! {go, N},
    create(N - 1, A, Main).
down(A, Ix, Main) ->
    case atomics:sub_get(A, Ix, 1) of 0 -> Main ! done; _ -> ok end.

idle_spawn(0, _, _, Acc) -> Acc;
idle_spawn(N, A, Main, Acc) ->
    P = spawn(fun() -> atomics:add(A, 1, 1), receive stop -> down(A, 2, Main) end end),
    idle_spawn(N - 1, A, Main, [P | Acc]).
wait_for(A, N) ->
    case atomics:get(A, 1) of N -> ok; _ -> timer:sleep(1), wait_for(A, N) end.

rounds(0, _) -> ok;
rounds(N, Pids) -> round1(N, Pids), rounds(N - 1, Pids).
round1(_, []) -> ok;
round1(N, [P | Ps]) -> P ! {inc, N}, round1(N, Ps).

big_ping(_, 0, _, _, Main) -> Main ! done, big_rest();
big_ping(I, Left, Seed0, T, Main) ->
    Seed = (Seed0 * 1103515245 + 12345) band 16#7fffffff,
    K = case (Seed bsr 8) rem 200 of I -> (I + 1) rem 200; X -> X end,
    element(K + 1, T) ! {ping, self()},
    big_wait(I, Left, Seed, T, Main).
big_wait(I, Left, Seed, T, Main) ->
    receive
        {ping, From} -> From ! pong, big_wait(I, Left, Seed, T, Main);
        pong -> big_ping(I, Left - 1, Seed, T, Main)
    end.
big_rest() ->
    receive {ping, From} -> From ! pong, big_rest(); exit -> ok end.

mall(0, none, Creatures, _, Main) -> mall_close(Creatures, 0, Main);
mall(N, none, C, S, Main) ->
    receive {meet, _, From} -> mall(N, From, C, S, Main) end;
mall(N, First, C, S, Main) ->
    receive {meet, Color, From} ->
        First ! {meet, Color, From},
        mall(N - 1, none, C, S, Main)
    end.
mall_close(0, Sum, Main) -> Main ! {sum, Sum};
mall_close(C, Sum, Main) ->
    receive
        {meet, _, From} -> From ! exit, mall_close(C, Sum, Main);
        {count, K} -> mall_close(C - 1, Sum + K, Main)
    end.
creature(Mall, Color, Met) ->
    receive
        {meet, Other, From} ->
            New = complement(Color, Other),
            From ! {change, New},
            Mall ! {meet, New, self()},
            creature(Mall, New, Met + 1);
        {change, New} ->
            Mall ! {meet, New, self()},
            creature(Mall, New, Met + 1);
        exit -> Mall ! {count, Met}
    end.
complement(A, A) -> A;
complement(A, B) -> 3 - A - B.

ask_server() ->
    receive {call, {From, Alias}, X} ->
        _ = From, Alias ! {Alias, X + 1}, ask_server()
    end.
ask(_, 0) -> ok;
ask(S, N) ->
    Ref = erlang:monitor(process, S, [{alias, demonitor}]),
    S ! {call, {self(), Ref}, N},
    receive
        {Ref, R} when R =:= N + 1 -> erlang:demonitor(Ref, [flush]), ask(S, N - 1);
        {'DOWN', Ref, _, _, Why} -> exit(Why)
    end.
ask_ref_server() ->
    receive {call, {From, Ref}, X} -> From ! {Ref, X + 1}, ask_ref_server() end.
ask_ref(_, 0) -> ok;
ask_ref(S, N) ->
    Ref = make_ref(),
    S ! {call, {self(), Ref}, N},
    receive {Ref, R} when R =:= N + 1 -> ask_ref(S, N - 1) end.
init({tree, Arg}) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1},
          [#{id => phoenix, start => {?MODULE, phoenix, [Arg]}}]}};
init(_) -> {ok, 0}.
handle_call({add, X}, _, St) -> {reply, X + 1, St}.
handle_cast(_, St) -> {noreply, St}.
ask_gs(_, 0) -> ok;
ask_gs(S, N) -> R = gen_server:call(S, {add, N}, infinity), true = R =:= N + 1, ask_gs(S, N - 1).

source(_, 0) -> ok;
source(P, N) -> P ! {item, N}, source(P, N - 1).
stage(Next) -> receive {item, X} -> Next ! {item, X + 1}, stage(Next) end.
psink(0, Main) -> Main ! done;
psink(N, Main) -> receive {item, _} -> psink(N - 1, Main) end.

sky(Parent, Num, 1) -> Parent ! {sum, Num};
sky(Parent, Num, Size) ->
    Me = self(), Sub = Size div 10,
    sky_kids(0, Me, Num, Sub),
    Parent ! {sum, sky_sum(10, 0)}.
sky_kids(10, _, _, _) -> ok;
sky_kids(I, Me, Num, Sub) ->
    spawn(fun() -> sky(Me, Num + I * Sub, Sub) end),
    sky_kids(I + 1, Me, Num, Sub).
sky_sum(0, S) -> S;
sky_sum(K, S) -> receive {sum, X} -> sky_sum(K - 1, S + X) end.

%% ---- latency ----

env(Key, Default) -> case os:getenv(Key) of false -> Default; S -> list_to_integer(S) end.

cpu_s() ->
    {ok, B} = file:read_file("/proc/self/stat"),
    Fields = string:lexemes(string:trim(lists:last(string:split(binary_to_list(B), ")", trailing))), " "),
    (list_to_integer(lists:nth(12, Fields)) + list_to_integer(lists:nth(13, Fields))) / 100.

%% Ten steps in a call, so that 2 us of computing are few reductions.
spin(0, X) -> X;
spin(N, X) -> spin(N - 1, step(step(step(step(step(step(step(step(step(step(X))))))))))).
step(X) -> (X * 5 + 12345) band 16#7fffffff.

steps_in(Ns, 0, Least) -> max(1, 20000 * Ns div Least);
steps_in(Ns, Tries, Least) ->
    T0 = t(), spin(20000, 1), steps_in(Ns, Tries - 1, min(Least, t() - T0)).

servant(Steps) ->
    receive {call, From, Ref, X} -> spin(Steps, X), From ! {Ref, X}, servant(Steps) end.

fire({S, Counts, Answered, RecordFrom}, Due) ->
    spawn(fun() ->
        Ref = erlang:monitor(process, S, [{alias, demonitor}]),
        S ! {call, Ref, Ref, 1},
        receive
            {Ref, 1} -> erlang:demonitor(Ref, [flush]);
            {'DOWN', Ref, _, _, Why} -> exit(Why)
        end,
        case Due >= RecordFrom of
            true -> counters:add(Counts, bucket(t() - Due) + 1, 1);
            false -> ok
        end,
        atomics:add(Answered, 1, 1)
    end).

%% Timers are good to a millisecond: most of the time this looks at the clock and yields.
wait_until(Due) ->
    Left = Due - t(),
    if
        Left =< 0 -> ok;
        Left > 3000000 -> timer:sleep(Left div 1000000 - 1), wait_until(Due);
        true -> erlang:yield(), wait_until(Due)
    end.
wait_for(Over) ->
    case Over() of true -> ok; false -> erlang:yield(), wait_for(Over) end.

fire_at_random_times(L, Rate, Before, End, Seed0, Begun) ->
    Seed = (Seed0 * 1103515245 + 12345) band 16#7fffffff,
    Pick = (Seed bsr 8) rem (1 bsl 22),
    Due = Before - math:log((Pick + 1) / (1 bsl 22)) * 1.0e9 / Rate,
    case trunc(Due) of
        D when D >= End -> Begun;
        D -> wait_until(D), fire(L, D), fire_at_random_times(L, Rate, Due, End, Seed, Begun + 1)
    end.

fire_when_answered(L = {_, _, Answered, _}, End, Begun) ->
    Now = t(),
    case atomics:get(Answered, 1) of
        _ when Now >= End -> Begun;
        A when Begun - A < 64 -> fire(L, Now), fire_when_answered(L, End, Begun + 1);
        _ -> erlang:yield(), fire_when_answered(L, End, Begun)
    end.

%% As histogram.h: 64 buckets for each power of two.
bucket(V) when V < 128 -> V;
bucket(V) -> bucket(V, 1).
bucket(V, Shift) when V bsr Shift < 128 -> Shift * 64 + (V bsr Shift);
bucket(V, Shift) -> bucket(V, Shift + 1).
bucket_top(B) when B < 128 -> B;
bucket_top(B) -> Shift = B div 64 - 1, ((B - Shift * 64 + 1) bsl Shift) - 1.

histogram_at(Counts, Part) ->
    All = [{I, counters:get(Counts, I + 1)} || I <- lists:seq(0, 64 * 58 - 1)],
    Total = lists:sum([C || {_, C} <- All]),
    histogram_at(All, trunc(Part * Total), Total, 0, 0).
histogram_at([{I, C} | More], Wanted, Total, Seen, _) when Seen =< Wanted, Seen < Total ->
    histogram_at(More, Wanted, Total, Seen + C, I);
histogram_at(_, _, _, _, Last) -> bucket_top(Last).

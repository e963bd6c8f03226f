using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using WireGate.EndToEnd.Tests.Harness;
using WireGate.Testing.Peers;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests;

/// <summary>
/// Random messages in every order, some of which people have to approve: PostgreSQL's own log against the yeses. Nothing ran without one of
/// its own, and the client is told the state that is. The long form is
/// <c>WIREGATE_HOLD_ORACLE_GROUPS=2000 tests/run --project EndToEnd HoldOracleTests</c>; another <c>WIREGATE_HOLD_ORACLE_SEED</c> sends others.
/// </summary>
internal sealed partial class HoldOracleTests : HoldFixture
{
    private const int Sessions = 3;

    // The log is the cluster's, and has what other tests write.
    private const int First = 1_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, byte> _wrong = new();
    private readonly List<int> _given = [];
    private int _tag = First;
    private volatile bool _isOver;

    private static int Groups => Number("WIREGATE_HOLD_ORACLE_GROUPS", 120);

    private static int Seed => Number("WIREGATE_HOLD_ORACLE_SEED", 20260401);

    [Test]
    public async Task Nothing_runs_without_a_yes_of_its_own()
    {
        Task people = AnswerAsync(new Random(Seed));
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(i => RunAsync(new Random(Seed + 1 + i))));
        _isOver = true;
        await people;

        Dictionary<int, int> given = Count(_given);
        Dictionary<int, int> ran = Ran().Where(r => r.Key > First).ToDictionary();
        Dictionary<int, int> rows = Count((await Cluster.AskAsync("SELECT string_agg(a::text, ' ') FROM public.held", "held") ?? "")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Tag));
        foreach ((int tag, int times) in ran.Where(r => r.Value > given.GetValueOrDefault(r.Key)))
        {
            _wrong.TryAdd($"({tag}) ran {times} times with {given.GetValueOrDefault(tag)} yes", 0);
        }

        foreach ((int tag, int times) in rows.Where(r => r.Value > ran.GetValueOrDefault(r.Key)))
        {
            _wrong.TryAdd($"({tag}) is there {times} times and was written {ran.GetValueOrDefault(tag)} times", 0);
        }

        TestContext.Out.WriteLine($"{Sessions * Groups} groups of messages: {_tag - First} texts that are held, {given.Values.Sum()} yes, {ran.Values.Sum()} ran");
        Assert.Multiple(() =>
        {
            Assert.That(_wrong.Keys, Is.Empty);
            Assert.That(ran.Values.Sum(), Is.GreaterThan(Sessions * Groups / 12), "what ran");
        });
    }

    private async Task RunAsync(Random random)
    {
        RawSession? session = null;
        for (int i = 0; i < Groups; i++)
        {
            session ??= await RawSession.OpenAsync(Endpoint);
            byte[][] messages = Group(random, out string shown);
            await session.SendAsync(messages);
            if (random.Next(40) == 0)
            {
                await session.DisposeAsync();
                session = null;
                continue;
            }

            try
            {
                IReadOnlyList<PeerMessage> answer = await session.ReadAsync().WaitAsync(Patience);
                await CheckStateAsync(session, answer[^1].Text, shown);
            }
            catch (TimeoutException)
            {
                _wrong.TryAdd($"no answer to {shown}", 0);
                return;
            }
        }

        await session!.DisposeAsync();
    }

    // Within a second: the upstream says that it is idle before it shows it to others.
    private async Task CheckStateAsync(RawSession session, string told, string shown)
    {
        string expected = told switch { "I" => "idle", "T" => "idle in transaction", _ => "idle in transaction (aborted)" };
        string sql = $"SELECT state FROM pg_stat_activity WHERE pid = {session.CancelKey.ProcessId}";
        for (int i = 0; i < 20; i++)
        {
            if (await Cluster.AskAsync(sql, "held") is not { } state || state == expected)
            {
                return;
            }
        }

        _wrong.TryAdd($"told {expected} behind {shown}", 0);
    }

    private byte[][] Group(Random random, out string shown)
    {
        var words = new StringBuilder();
        var messages = new List<byte[]>();
        if (random.Next(3) == 0)
        {
            string sql = Text(random);
            shown = $"Query({sql})";
            return [Query(sql)];
        }

        for (int i = random.Next(1, 9); i > 0; i--)
        {
            string statement = random.Next(3) == 0 ? "s" : "", portal = random.Next(3) == 0 ? "p" : "";
            switch (random.Next(10))
            {
                case 0 or 1:
                    string parsed = Text(random);
                    Add($"Parse({statement}, {parsed})", Parse(parsed, statement));
                    break;
                case 2:
                    Add($"Bind({statement}, {portal})", Bind(statement, portal));
                    break;
                case 3 or 4:
                    Add($"Execute({portal}, 1)", Message('E', $"{portal}\0\0\0\0\u0001"));
                    break;
                case 5:
                    Add($"Describe({portal})", Message('D', $"P{portal}\0"));
                    break;
                case 6:
                    Add($"Close({statement})", random.Next(2) == 0 ? Close(statement) : Message('C', $"P{portal}\0"));
                    break;
                case 7:
                    Add("Flush", Message('H', ""));
                    break;
                default:
                    string run = Text(random);
                    Add($"Run({statement}, {portal}, {run})", [.. Parse(run, statement), .. Bind(statement, portal), .. Execute(portal)]);
                    break;
            }
        }

        Add("Sync", Sync);
        shown = words.ToString();
        return [.. messages];

        void Add(string word, byte[] message)
        {
            words.Append(word).Append(' ');
            messages.Add(message);
        }
    }

    // Each text that is held has a number of its own, which it writes.
    private string Text(Random random) => random.Next(16) switch
    {
        0 => "BEGIN",
        1 => "COMMIT",
        2 => "ROLLBACK",
        3 => random.Next(2) == 0 ? "SAVEPOINT a" : "ROLLBACK TO a",
        4 => "SELECT g FROM generate_series(1, 3) g",
        5 => random.Next(3) == 0 ? "SELECT 1 / 0" : "SELEC",
        6 => "EXECUTE s",
        7 => random.Next(2) == 0 ? "DEALLOCATE s" : "PREPARE s AS SELECT 7",
        8 => "DECLARE p CURSOR FOR SELECT g FROM generate_series(1, 3) g",
        9 => random.Next(2) == 0 ? "FETCH p" : "CLOSE p",
        10 => $"PREPARE s AS {Insert()}",
        11 => $"SELECT 1; {Insert()}; SELECT 2",
        12 => $"WITH w AS ({Insert()} RETURNING a) SELECT a + g FROM w, generate_series(1, 3) g",
        _ => Insert(),
    };

    private string Insert() => $"INSERT INTO held VALUES ({Interlocked.Increment(ref _tag)})";

    private async Task AnswerAsync(Random random)
    {
        while (!_isOver)
        {
            using JsonDocument json = JsonDocument.Parse((await Gateway.CommandAsync("approval", "list", "--state", "pending", "--json")).Succeeded().Output);
            foreach (JsonElement asked in json.RootElement.EnumerateArray())
            {
                bool isYes = random.Next(5) != 0;
                // Whoever asked may have left by now.
                ToolResult result = await Gateway.CommandAsAsync(Approver, "approval", isYes ? "approve" : "deny", asked.GetProperty("id").GetString()!);
                if (isYes && result.ExitCode == 0)
                {
                    _given.Add(Tag(asked.GetProperty("statement").GetString()!));
                }
            }
        }
    }

    // What is executed is logged before the server sees that the portal has run; then it says so. FETCH goes on with what has begun.
    private Dictionary<int, int> Ran()
    {
        var ran = new Dictionary<int, int>();
        var errors = new Dictionary<string, string>();
        foreach (Match line in Logged().Matches(Cluster.Log))
        {
            (string process, string kind, string text) = (line.Groups[1].Value, line.Groups[2].Value, line.Groups[3].Value);
            bool isRun = kind == "LOG" && !text.StartsWith("execute fetch from ", StringComparison.Ordinal);
            bool isRefused = kind == "STATEMENT" && errors.GetValueOrDefault(process, "").EndsWith("cannot be run", StringComparison.Ordinal);
            if (kind == "ERROR")
            {
                errors[process] = text;
            }
            else if ((isRun || isRefused) && Writes().Match(text) is { Success: true } write)
            {
                int tag = int.Parse(write.Groups[1].Value, CultureInfo.InvariantCulture);
                ran[tag] = ran.GetValueOrDefault(tag) + (isRun ? 1 : -1);
            }
        }

        return ran;
    }

    private static int Tag(string text) => int.Parse(Digits().Match(text).Value.Trim('(', ')'), CultureInfo.InvariantCulture);

    private static Dictionary<int, int> Count(IEnumerable<int> tags) => tags.CountBy(t => t).ToDictionary();

    private static int Number(string variable, int otherwise) =>
        int.Parse(Environment.GetEnvironmentVariable(variable) ?? $"{otherwise}", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\[(\d+)\] (LOG|ERROR|STATEMENT):  ([^\n]*)")]
    private static partial Regex Logged();

    [GeneratedRegex(@"INSERT INTO held VALUES \((\d+)\)")]
    private static partial Regex Writes();

    [GeneratedRegex(@"\(\d+\)|^\d+$")]
    private static partial Regex Digits();
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>
/// Asks the rules about the operations of one session, and keeps what they said for as long as nothing changes by which they judge.
/// On the session's loop.
/// </summary>
internal sealed class OperationJudge
{
    /// <summary>Texts whose decisions are kept; names keep theirs beside. A driver's statement cache has some hundred.</summary>
    private const int MostKept = 512;

    /// <summary>Bytes of all sessions: beyond, each keeps <see cref="LittleWeight"/>.</summary>
    public const long MostOfProcess = 32 * 1024 * 1024;

    // What they tell is in a cache of all sessions; a session that keeps other texts keeps them from being forgotten.
    private const long MostWeight = 1024 * 1024;
    private const long LittleWeight = 128 * 1024;

    /// <summary>Bytes of a text that are parsed where they arrive: some 0.2 ms, during which the loop serves nobody else.</summary>
    private const int MostInline = 4096;

    // Of all sessions: long texts wait for each other, and not everybody for them.
    private static readonly SemaphoreSlim Parsers = new(Math.Max(1, Environment.ProcessorCount / 2));

    // Which function it is, and so what a deny or hold says of it, cannot be known.
    private static readonly ParsedText CalledByNumber = new([Unknown("function call", "a function called by its number, without SQL", isOpaque: true)]);

    private readonly Session _session;
    private readonly StatementCache _statements;
    private readonly DecisionPoint _point;
    private readonly TimeProvider _time;
    private readonly Dictionary<ParsedText, JudgedText> _texts = [];
    private long _weight;

    // What is too large to be kept is known as long as its message is dealt with.
    private WeakReference<JudgedText>? _large;
    private RuleBook _book;
    private SessionRules _rules;
    private (byte[] Sql, ParsedText Text)? _parsed;

    public OperationJudge(Session session, SessionSettings settings, StatementCache statements, DecisionPoint point, TimeProvider time)
    {
        _session = session;
        Settings = settings;
        _statements = statements;
        _point = point;
        _time = time;
        _book = session.Config.RuleBook;
        _rules = _book.For(SessionFacts.Of(session));
        Unnamed = new JudgedText(new ParsedText([Unknown(SqlKinds.Unknown, "a name that nothing defined in this session")]), "unknown-name"u8.ToArray());
        TooMany = new JudgedText(
            new ParsedText([Unknown(SqlKinds.Unknown, "its names stand for more than is followed: send it in parts", isOpaque: true)]), "too-many-names"u8.ToArray());
    }

    /// <summary>What the meaning of texts depends on.</summary>
    public SessionSettings Settings { get; }

    /// <summary>Changes with the rules and with what names mean: decisions of another epoch are made anew.</summary>
    public int Epoch { get; private set; } = 1;

    /// <summary>What a name stands for that nothing is known of.</summary>
    public JudgedText Unnamed { get; }

    /// <summary>What a text runs behind more names than are followed for one.</summary>
    public JudgedText TooMany { get; }

    /// <summary>What all sessions of the process hold by names.</summary>
    public HeldInProcess Held => _statements.Held;

    /// <summary>What all sessions of the process are owed.</summary>
    public ProcessShare Owed => _statements.Owed;

    /// <summary>Every mask that may hold for an operation of this session.</summary>
    public MaskSet AnyMasks => _rules.AnyMasks;

    /// <summary>Whether somebody else is asked before anything passes.</summary>
    public bool AsksElsewhere => _rules.External is not null;

    /// <summary>Asks who else is asked. Off the loop; never less strict than what the rules here said.</summary>
    /// <param name="texts">All that runs: a text, and what the names in it stand for.</param>
    /// <param name="own">What the rules here said.</param>
    public async ValueTask<Decision> AskElsewhereAsync(IReadOnlyList<JudgedText> texts, Decision own)
    {
        ExternalRulesConfig? config = _rules.External;
        SessionFacts session = SessionFacts.Of(_session);
        SqlSearchPath path = Settings.SearchPath;
        DateTimeOffset now = _time.GetUtcNow();
        foreach (JudgedText text in texts)
        {
            // A reload may have taken it away meanwhile: then the rules alone decide, and they have.
            own = config is null ? own : await Task.Run(() => _point.AskAsync(config, session, new SqlOperation(text.Parsed.Facts, path), own, now));
        }

        return own;
    }

    /// <summary>What names mean has changed.</summary>
    public void OnNamesChanged() => Epoch++;

    /// <summary>Takes the config in force: each operation is judged by one.</summary>
    public void Refresh()
    {
        if (!_session.TakeConfig())
        {
            return;
        }

        RuleBook book = _session.Config.RuleBook;
        if (!ReferenceEquals(book, _book))
        {
            _book = book;
            _rules = book.For(SessionFacts.Of(_session));
            Epoch++;
        }
    }

    /// <summary>What a text tells.</summary>
    /// <param name="sql">Without its terminator.</param>
    /// <param name="text">What it tells.</param>
    /// <returns>False: it is too long to be parsed here, where others wait; see <see cref="ParseAsync"/>.</returns>
    public bool TryRead(ReadOnlySpan<byte> sql, [NotNullWhen(true)] out JudgedText? text)
    {
        ParsedText? parsed;
        if (_parsed is { } done && sql.SequenceEqual(done.Sql))
        {
            parsed = done.Text;
        }
        else if (sql.Length <= MostInline || sql.Length > SqlParser.MostBytes)
        {
            parsed = _statements.Get(sql);
        }
        else if (!_statements.TryGet(sql, out parsed))
        {
            text = null;
            return false;
        }

        _parsed = null;
        text = Of(parsed, sql);
        return true;
    }

    /// <summary>A FunctionCall message.</summary>
    /// <param name="words">What it is in the audit log.</param>
    public static JudgedText FunctionCall(ReadOnlySpan<byte> words) => new(CalledByNumber, DigestOf(words));

    /// <summary>Parses a text on another thread; then <see cref="TryRead"/> has it.</summary>
    /// <param name="sql">Valid until the task has completed.</param>
    public async ValueTask ParseAsync(ReadOnlySequence<byte> sql)
    {
        byte[] copy = sql.ToArray();
        await Parsers.WaitAsync();
        try
        {
            // On a thread of its own: those of the pool are wanted by whoever logs in.
            ParsedText parsed = await Task.Factory.StartNew(
                () => _statements.Get(copy), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _parsed = (copy, parsed);
        }
        finally
        {
            Parsers.Release();
        }
    }

    /// <summary>Keeps no text any more, as when the session is over.</summary>
    public void Forget()
    {
        long shared = 0;
        foreach (ParsedText parsed in _texts.Keys)
        {
            shared += JudgedText.PerCopy + (parsed.Drop() ? parsed.Weight : 0);
        }

        _statements.Judged.Add(-shared);
        _texts.Clear();
        _weight = 0;
    }

    /// <summary>What the rules say of it now.</summary>
    /// <param name="text">What is asked about.</param>
    /// <param name="isRun">False: it does not run yet, or has been counted.</param>
    public Decision Judge(JudgedText text, bool isRun = true)
    {
        if (text.Epoch == Epoch && text.Decision.IsStable)
        {
            return text.Decision;
        }

        text.Decision = _rules.JudgeHere(new SqlOperation(text.Parsed.Facts, Settings.SearchPath), _time.GetUtcNow(), isRun);
        text.Epoch = Epoch;
        text.Members = [];
        return text.Decision;
    }

    private JudgedText Of(ParsedText parsed, ReadOnlySpan<byte> sql)
    {
        if (!parsed.ReadsAlikeEverywhere && !Settings.AreTextsReadable)
        {
            return new JudgedText(new ParsedText([Unknown(SqlKinds.Unknown, Settings.Unreadable)]), DigestOf(sql));
        }

        if (!Settings.ReadsAlike(parsed.Names))
        {
            return new JudgedText(SqlParser.NamesOthers, DigestOf(sql));
        }

        if (_texts.TryGetValue(parsed, out JudgedText? known))
        {
            return known;
        }

        if (_large is not null && _large.TryGetTarget(out JudgedText? large) && ReferenceEquals(large.Parsed, parsed))
        {
            return large;
        }

        var text = new JudgedText(parsed, DigestOf(sql));
        long weight = JudgedText.PerCopy + parsed.Weight, most = _statements.Judged.IsSpent ? LittleWeight : MostWeight;
        if (weight > most)
        {
            _large = new WeakReference<JudgedText>(text);
            return text;
        }

        if (_texts.Count >= MostKept || _weight + weight > most)
        {
            Forget();
        }

        _texts.Add(parsed, text);
        _weight += weight;
        _statements.Judged.Add(JudgedText.PerCopy + (parsed.Keep() ? parsed.Weight : 0));
        return text;
    }

    private static ParsedStatement Unknown(string kind, string why, bool isOpaque = false) => new(
        new SqlStatementFacts { Kinds = [kind], Accesses = [new SqlAccess(SqlEffects.Unknown, null)], Unknown = why, HasWhere = !isOpaque, IsOpaque = isOpaque }, []);

    private static byte[] DigestOf(ReadOnlySpan<byte> sql)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(sql, hash);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash[..8]));
    }
}

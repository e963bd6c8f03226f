using System.Collections.Immutable;
using System.Text;

namespace WireGate.Postgres.Sql;

/// <summary>A name that a text gives to a statement within it.</summary>
/// <param name="Statement">Index of the statement that gives it.</param>
/// <param name="Name">The name, in UTF-8.</param>
/// <param name="IsCursor">By DECLARE; else by PREPARE.</param>
/// <param name="Text">What it then stands for.</param>
/// <param name="IsHeld">WITH HOLD: a cursor that outlives its transaction.</param>
internal readonly record struct GivenName(int Statement, byte[] Name, bool IsCursor, ParsedText Text, bool IsHeld);

/// <summary>A name by which a text runs what it stands for.</summary>
/// <param name="Name">The name, in UTF-8.</param>
/// <param name="IsCursor">By FETCH or MOVE; else by EXECUTE.</param>
/// <param name="Given">Index of what gives it in the same text, the last one before its use; negative: nothing does.</param>
internal readonly record struct UsedName(byte[] Name, bool IsCursor, int Given);

/// <summary>
/// The names that a text gives and uses, looked up once, where it is parsed: whoever follows a use takes one step for it, however many names
/// there are. Immutable, shared by all sessions that send the text.
/// </summary>
internal sealed class TextNames
{
    // An array with its header, and an entry beside it, of a name of usual length.
    private const int PerName = 96;

    private readonly int[] _ends;
    private readonly ImmutableArray<UsedName> _used;

    private TextNames(ImmutableArray<GivenName> given, ImmutableArray<UsedName> used, int[] ends)
    {
        Given = given;
        _used = used;
        _ends = ends;
    }

    /// <summary>No names.</summary>
    public static TextNames None { get; } = new([], [], []);

    /// <summary>Those that it gives, in the order of its statements.</summary>
    public ImmutableArray<GivenName> Given { get; }

    /// <summary>Those that it uses, in the order of its statements.</summary>
    public ReadOnlySpan<UsedName> Used => _used.AsSpan();

    /// <summary>Bytes that they take in memory, about; what is given is known by its own weight.</summary>
    public long Weight => ((long)PerName * (Given.Length + _used.Length)) + (sizeof(int) * _ends.Length);

    /// <summary>Those that one of its statements uses.</summary>
    public ReadOnlySpan<UsedName> UsedBy(int statement) =>
        _ends.Length == 0 ? [] : Used[(statement == 0 ? 0 : _ends[statement - 1]).._ends[statement]];

    /// <summary>Looks up the names of a text.</summary>
    public static TextNames Of(ImmutableArray<ParsedStatement> statements)
    {
        if (!statements.Any(s => s.Changes.Any(c => c is SessionChange.Prepare or SessionChange.Declare or SessionChange.Execute or SessionChange.Fetch)))
        {
            return None;
        }

        var last = new Dictionary<(string, bool), int>();
        var given = new List<GivenName>();
        var used = new List<UsedName>();
        int[] ends = new int[statements.Length];
        for (int i = 0; i < statements.Length; i++)
        {
            // What a statement gives counts for those behind it.
            foreach (SessionChange change in statements[i].Changes)
            {
                if (change is SessionChange.Execute or SessionChange.Fetch)
                {
                    (string name, bool isCursor) = change is SessionChange.Execute execute ? (execute.Name, false) : (((SessionChange.Fetch)change).Name, true);
                    bool isGiven = last.TryGetValue((name, isCursor), out int by);
                    used.Add(new UsedName(isGiven ? given[by].Name : Encoding.UTF8.GetBytes(name), isCursor, isGiven ? by : -1));
                }
            }

            foreach (SessionChange change in statements[i].Changes)
            {
                (string Name, ParsedStatement Inner, bool IsCursor, bool IsHeld)? gives = change switch
                {
                    SessionChange.Prepare prepare => (prepare.Name, prepare.Inner, false, false),
                    SessionChange.Declare declare => (declare.Name, declare.Inner, true, declare.IsHeld),
                    _ => null,
                };
                if (gives is { } one)
                {
                    last[(one.Name, one.IsCursor)] = given.Count;
                    given.Add(new GivenName(i, Encoding.UTF8.GetBytes(one.Name), one.IsCursor, new ParsedText([one.Inner]), one.IsHeld));
                }
            }

            ends[i] = used.Count;
        }

        return new TextNames([.. given], [.. used], ends);
    }
}

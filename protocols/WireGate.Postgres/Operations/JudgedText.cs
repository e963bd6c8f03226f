using System.Collections.Immutable;
using System.Runtime.InteropServices;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Operations;

/// <summary>A name that a text gives to a statement within it, and what that is to the session.</summary>
/// <param name="Given">The name, and which statement gives it.</param>
/// <param name="Text">What it then stands for.</param>
internal readonly record struct NamedText(GivenName Given, JudgedText Text);

/// <summary>One text as a session sends it: what it tells, and what the rules said of it last. Belongs to the session.</summary>
internal sealed class JudgedText
{
    /// <summary>Bytes of one of these by itself, about, and of the arrays of what is shown to people without what is in them.</summary>
    public const int PerCopy = 448;

    // What leaves nothing behind: a power cut takes the effect with its record.
    private const SqlEffects Passing = SqlEffects.Read | SqlEffects.Session;

    /// <param name="parsed">What it tells.</param>
    /// <param name="digest">What the audit log calls it.</param>
    public JudgedText(ParsedText parsed, byte[] digest)
        : this(parsed, digest, NamesOf(parsed, digest))
    {
    }

    private JudgedText(ParsedText parsed, byte[] digest, ImmutableArray<NamedText> names)
    {
        Parsed = parsed;
        Digest = digest;
        Names = names;
        foreach (ParsedStatement statement in parsed.Statements)
        {
            IsDurableFirst |= statement.Facts.UnknownFunctions.Length > 0;
            foreach (SqlAccess access in statement.Facts.Accesses)
            {
                IsDurableFirst |= (access.Effect & ~Passing) != 0 && statement.Facts.Kinds is not ["notify"];
                MayChangeAnything |= access.Effect == SqlEffects.Unknown;
                MayChangeCatalog |= access.Effect is SqlEffects.Ddl or SqlEffects.Unknown;
                // A database is no relation. Neither are functions, types and schemas, which are changed seldom enough.
                ChangesDatabases |= access is { Effect: SqlEffects.Ddl, Relation: null };
                MayDefineOwn |= access.Effect == SqlEffects.Ddl && access.Relation?.Schema?.StartsWith("pg_temp", StringComparison.Ordinal) != false;
            }

            MayChangeAnything |= statement.Facts.UnknownFunctions.Length > 0;
            NamesCursor |= statement.NamesCursor;
            foreach (SessionChange change in statement.Changes)
            {
                ChangesSession = true;
                UsesNames |= change is SessionChange.Execute or SessionChange.Fetch;
                EndsTransaction |= change is SessionChange.Transaction { Step: not (TransactionStep.Begin or TransactionStep.Savepoint) };
                // Whatever was prepared, by whatever session.
                bool isPrepared = change is SessionChange.Transaction { Step: TransactionStep.CommitPrepared };
                (MayChangeCatalog, ChangesDatabases) = (MayChangeCatalog || isPrepared, ChangesDatabases || isPrepared);
                MayCopyIn |= change is SessionChange.Copy { IsFrom: true, Peer: CopyPeer.Client } or SessionChange.Execute;
            }

            // What could not be read may be a COPY as well, or a COMMIT.
            bool isUnread = statement.Facts.Kinds.Contains(SqlKinds.Unknown);
            MayCopyIn |= isUnread;
            EndsTransaction |= isUnread;
        }
    }

    /// <summary>What it tells.</summary>
    public ParsedText Parsed { get; }

    /// <summary>What the audit log calls it: 16 hex digits in ASCII of the SHA-256 of its bytes.</summary>
    public byte[] Digest { get; }

    /// <summary>It does more than read, as far as is known: its record is on disk before it runs.</summary>
    public bool IsDurableFirst { get; private init; }

    /// <summary>It may do what its text does not say: change settings, for one.</summary>
    public bool MayChangeAnything { get; }

    /// <summary>It may make, change or drop objects.</summary>
    public bool MayChangeCatalog { get; }

    /// <summary>It may make, rename or drop a database, as far as it says.</summary>
    public bool ChangesDatabases { get; }

    /// <summary>It may make objects that only its session sees, and by which names of other texts mean something else there.</summary>
    public bool MayDefineOwn { get; }

    /// <summary>It may end the transaction that it runs in.</summary>
    public bool EndsTransaction { get; }

    /// <summary>How its answers were masked last; null: they were not, or its names may stand for something else now.</summary>
    public MaskPlan? Plan { get; set; }

    /// <summary>The session is to be followed by it.</summary>
    public bool ChangesSession { get; }

    /// <summary>It runs what a name stands for.</summary>
    public bool UsesNames { get; }

    /// <summary>It is about the row at which a cursor stands.</summary>
    public bool NamesCursor { get; }

    /// <summary>It may turn into a COPY from the client.</summary>
    public bool MayCopyIn { get; private init; }

    /// <summary>The session's audit log has its text.</summary>
    public bool IsWritten { get; set; }

    /// <summary>What people are asked about; null: it was not held when it was sent.</summary>
    public HeldBytes? Held { get; private init; }

    /// <summary>Bytes that are held to be shown to people, as long as it is known.</summary>
    public long HeldLength
    {
        get
        {
            long length = Held is null ? 0 : PerCopy + Held.Length;
            foreach (JudgedText alternative in Alternatives)
            {
                length += alternative.HeldLength;
            }

            return length;
        }
    }

    /// <summary>Bytes in memory of what it tells, about.</summary>
    public long Weight
    {
        get
        {
            long weight = Parsed.Weight;
            foreach (JudgedText alternative in Alternatives)
            {
                weight += alternative.Weight;
            }

            return weight;
        }
    }

    /// <summary>What the rules said last.</summary>
    public Decision Decision { get; set; }

    /// <summary>Under which rules and which search path they said it; 0: they were not asked.</summary>
    public int Epoch { get; set; }

    /// <summary>Members of the audit record of an allowed run, rendered for <see cref="Epoch"/>.</summary>
    public byte[] Members { get; set; } = [];

    /// <summary>It is one of these, and which is not known: each of them has to pass. Empty: it is itself.</summary>
    public ImmutableArray<JudgedText> Alternatives { get; private init; } = [];

    /// <summary>What was hidden when a cursor was declared that outlives its transaction: its rows are those of then. Null: it is none, or nothing was.</summary>
    public ProtectionMap? Declared { get; private init; }

    /// <summary>The same text as what such a cursor stands for.</summary>
    public JudgedText DeclaredUnder(ProtectionMap map) => new(Parsed, Digest, Names) { IsWritten = IsWritten, Declared = map };

    /// <summary>What PREPARE and DECLARE in it give a name to, each at its index in <see cref="TextNames.Given"/>.</summary>
    public ImmutableArray<NamedText> Names { get; }

    /// <summary>The same text with the bytes that people are asked about; null: there are none to be shown.</summary>
    public JudgedText With(HeldBytes? held) => new(Parsed, Digest, Names) { Held = held, IsWritten = IsWritten };

    /// <summary>A text that is one of several.</summary>
    public static JudgedText AnyOf(ImmutableArray<JudgedText> alternatives) => new(new ParsedText([]), [.. alternatives.SelectMany((a, i) => i == 0 ? a.Digest : [(byte)'|', .. a.Digest])])
    {
        Alternatives = alternatives,
        IsWritten = true,
        MayCopyIn = alternatives.Any(a => a.MayCopyIn),
        IsDurableFirst = alternatives.Any(a => a.IsDurableFirst),
    };

    private static ImmutableArray<NamedText> NamesOf(ParsedText parsed, byte[] digest)
    {
        ImmutableArray<GivenName> given = parsed.Followed.Given;
        if (given.IsEmpty)
        {
            return [];
        }

        var names = new NamedText[given.Length];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = new NamedText(given[i], new JudgedText(given[i].Text, digest) { IsWritten = true });
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(names);
    }
}

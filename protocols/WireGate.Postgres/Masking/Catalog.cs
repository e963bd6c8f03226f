using System.Collections.Concurrent;
using System.Collections.Immutable;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>A column as the upstream's catalog has it.</summary>
/// <param name="Number">Its attribute number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">The number of its type, of a domain the type that it is upon.</param>
/// <param name="IsGenerated">Computed: COPY leaves it out.</param>
internal readonly record struct CatalogColumn(short Number, string Name, uint Type, bool IsGenerated);

/// <summary>A table, view, materialized view, foreign table, sequence or composite type.</summary>
internal sealed class CatalogRelation(uint oid, string schema, string name)
{
    private HashSet<string>? _names;

    public uint Oid { get; } = oid;

    public string Schema { get; } = schema;

    public string Name { get; } = name;

    /// <summary>In the order of their numbers.</summary>
    public List<CatalogColumn> Columns { get; } = [];

    /// <summary>Numbers of computed columns, each with that of one that it is computed from.</summary>
    public List<(short Column, short From)> Generated { get; } = [];

    /// <summary>Parents, children, partitions.</summary>
    public List<uint> Kin { get; } = [];

    /// <summary>What a view's rule depends on.</summary>
    public List<uint> Sources { get; } = [];

    /// <summary>Which rule makes it a view, and its version; null: it is none of a user's.</summary>
    public string? Rule { get; set; }

    /// <summary>What a view is; null: it is none, or that could not be read.</summary>
    public ParsedText? Definition { get; set; }

    /// <summary>A rule of its own says what becomes of a statement that writes to it, and what that gives back.</summary>
    public bool IsRewritten { get; set; }

    /// <summary>It is a view, and which could not be read: what it reads may be locked.</summary>
    public bool IsUnreadable => Rule is not null && Definition is null;

    /// <summary>Whether it has a column. Only once it is loaded.</summary>
    public bool HasColumn(string column) => (_names ??= [.. Columns.Select(c => c.Name)]).Contains(column);

    public override string ToString() => $"{Schema}.{Name}";
}

/// <summary>What the upstream's catalog said at one moment. Immutable once it is loaded; safe to use from any thread.</summary>
/// <param name="relations">All.</param>
/// <param name="textTypes">Types that an extension brings and whose values are text: citext.</param>
/// <param name="loadedAt">Timestamp of the clock.</param>
internal sealed class Catalog(IReadOnlyList<CatalogRelation> relations, IReadOnlySet<uint> textTypes, long loadedAt)
{
    /// <summary>FirstNormalObjectId of the server: what is below came with it.</summary>
    public const uint FirstUserOid = 16384;

    private readonly Dictionary<uint, CatalogRelation> _byOid = relations.ToDictionary(r => r.Oid);
    private readonly ILookup<string, CatalogRelation> _byName = relations.ToLookup(r => r.Name, StringComparer.Ordinal);
    // By the sets themselves. Not weak: what is made of a set refers to this catalog, and would keep it for as long as there is the set.
    private readonly ConcurrentDictionary<MaskSet, Mapped> _maps = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<CatalogRelation> Relations { get; } = relations;

    public IReadOnlySet<uint> TextTypes { get; } = textTypes;

    public long LoadedAt { get; } = loadedAt;

    /// <summary>How often the database had been changed when it was read; null: something was changing it just then.</summary>
    public long? Changes { get; set; }

    /// <summary>All of it could be read.</summary>
    public bool IsComplete { get; } = !relations.Any(r => r.IsUnreadable);

    public CatalogRelation? Find(uint oid) => _byOid.GetValueOrDefault(oid);

    /// <summary>Whether a rule, of it or of what it is a view of, says what a statement gives back that writes to it.</summary>
    public bool IsRewritten(CatalogRelation relation)
    {
        var seen = new HashSet<uint>();
        var open = new Stack<CatalogRelation>([relation]);
        while (open.TryPop(out CatalogRelation? next))
        {
            if (next.IsRewritten)
            {
                return true;
            }

            foreach (CatalogRelation source in next.Sources.Where(seen.Add).Select(Find).OfType<CatalogRelation>())
            {
                open.Push(source);
            }
        }

        return false;
    }

    /// <summary>Every relation that a name may mean.</summary>
    public IEnumerable<CatalogRelation> Find(SqlName name, SqlSearchPath path)
    {
        ImmutableArray<string>? schemas = path.CandidatesOf(name, withAbsent: true);
        return _byName[name.Name].Where(r => schemas is not { } known || known.Contains(r.Schema) || IsTemporary(r.Schema));

        // Searched before all others, and its schema has a number that the text does not tell.
        bool IsTemporary(string schema) => schema.StartsWith("pg_temp", StringComparison.Ordinal) && name.Schema is null or "pg_temp";
    }

    /// <summary>What a set of masks hides of it.</summary>
    /// <param name="masks">The masks.</param>
    /// <param name="key">Of the hashes that stand in place of values: one for the process.</param>
    public ProtectionMap MapOf(MaskSet masks, ReadOnlyMemory<byte> key)
    {
        Mapped mapped = Mapping(masks, key);
        mapped.IsUsed = true;
        return mapped.Map;
    }

    /// <summary>Finds out what is hidden by all masks that another catalog was asked about. With many views it takes long.</summary>
    /// <param name="before">The other; null: none.</param>
    /// <param name="key">See <see cref="MapOf"/>.</param>
    public void MapAs(Catalog? before, ReadOnlyMemory<byte> key)
    {
        foreach ((MaskSet masks, Mapped mapped) in before?._maps.ToArray() ?? [])
        {
            // A set that nobody asks about any more goes with its config.
            if (mapped.IsUsed)
            {
                Mapping(masks, key);
            }
        }
    }

    private Mapped Mapping(MaskSet masks, ReadOnlyMemory<byte> key) =>
        _maps.GetOrAdd(masks, static (set, made) => new Mapped(new ProtectionMap(made.Catalog, set, made.Key)), (Catalog: this, Key: key));

    private sealed class Mapped(ProtectionMap map)
    {
        public ProtectionMap Map { get; } = map;

        public bool IsUsed { get; set; }
    }
}

using System.Collections.Frozen;
using System.Reflection;
using WireGate.Core.Configuration;

namespace WireGate.Postgres.Masking;

/// <summary>
/// What the relations that came with the server tell of values of any column, and of credentials. Their numbers differ by version. Of
/// pg_catalog what is shown is listed, in <c>ServerRelations.txt</c>: how far a COPY of another session is tells the length of its values,
/// and what a newer server will count nobody knows.
/// </summary>
internal static class ServerRelations
{
    private const string All = "*";

    private static readonly FrozenDictionary<string, string[]> Shown = Load();

    // What credentials are in; information_schema has nothing else that is not of the catalog itself.
    private static readonly (string Schema, string Relation, string Columns)[] Hidden =
    [
        ("information_schema", "_pg_user_mappings", "umoptions"), ("information_schema", "user_mapping_options", "option_value"),
        ("information_schema", "_pg_foreign_servers", "srvoptions"), ("information_schema", "foreign_server_options", "option_value"),
    ];

    // Columns of the server's own views that call what looks something up, and keeps a lock on it.
    private static readonly (string Schema, string Relation, string Columns)[] LookingUp =
    [
        ("pg_catalog", "pg_views", "definition"), ("pg_catalog", "pg_matviews", "definition"), ("pg_catalog", "pg_rules", "definition"),
        ("pg_catalog", "pg_indexes", "indexdef"), ("pg_catalog", "pg_sequences", "last_value"), ("pg_catalog", "pg_policies", "*qual"),
        ("pg_catalog", "pg_policies", "with_check"), ("pg_catalog", "pg_stats_ext", "exprs"), ("information_schema", "*", "*"),
    ];

    /// <summary>Whether a column is hidden, whatever the masks name.</summary>
    public static bool Hide(CatalogRelation relation, string column) =>
        relation.Schema == "pg_catalog" ? !Show(relation.Name, column) : Contain(Hidden, relation, column);

    /// <summary>Whether a column is computed when it is read, by what keeps a lock.</summary>
    public static bool LookUp(CatalogRelation relation, string column) => Contain(LookingUp, relation, column);

    private static bool Show(string relation, string column) => Shown.TryGetValue(relation, out string[]? columns)
        && (columns.Contains(column) || (columns[0] == All && !columns.Contains($"-{column}")));

    private static bool Contain((string Schema, string Relation, string Columns)[] columns, CatalogRelation relation, string column) =>
        Array.Exists(columns, c =>
            c.Schema == relation.Schema && (c.Relation == relation.Name || c.Relation == All) && new NamePattern(c.Columns).Matches(column));

    // A relation | its columns, each after a blank
    private static FrozenDictionary<string, string[]> Load()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("ServerRelations.txt")!;
        using var reader = new StreamReader(stream);
        var shown = new Dictionary<string, string[]>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                string[] words = line.Split(' ');
                shown.Add(words[0], words[1..]);
            }
        }

        return shown.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

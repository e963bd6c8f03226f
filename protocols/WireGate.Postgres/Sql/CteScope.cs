namespace WireGate.Postgres.Sql;

/// <summary>The names that WITH has given at one place of a statement: no tables, whatever tables there are of these names.</summary>
/// <param name="Name">The last of them.</param>
/// <param name="Outer">The others.</param>
internal sealed record CteScope(string Name, CteScope? Outer)
{
    /// <summary>Whether a name is one of them.</summary>
    public static bool Holds(CteScope? scope, string name)
    {
        for (; scope is not null; scope = scope.Outer)
        {
            if (scope.Name == name)
            {
                return true;
            }
        }

        return false;
    }
}

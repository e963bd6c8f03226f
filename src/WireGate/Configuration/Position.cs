namespace WireGate.Configuration;

/// <summary>A place in a config file; line and column count from 1.</summary>
internal readonly record struct Position(string File, int Line, int Column) : IComparable<Position>
{
    public int CompareTo(Position other)
    {
        int line = Line.CompareTo(other.Line);
        return line != 0 ? line : Column.CompareTo(other.Column);
    }

    public override string ToString() => $"{File}:{Line}:{Column}";
}

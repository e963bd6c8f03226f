namespace WireGate.Postgres.Masking;

/// <summary>How far something reaches that changes what is defined.</summary>
internal enum ChangeReach
{
    /// <summary>All databases: which of them a name means may be another one afterwards.</summary>
    AllDatabases = 0,

    /// <summary>The database of the session.</summary>
    Database,
}

/// <summary>
/// How often sessions of this process changed something in a database, and how many are about to: what one login defines, every other may
/// see. Databases share the places where it is counted, so that there is an end to them; then a catalog is read once more than it had to be.
/// </summary>
internal sealed class CatalogChanges
{
    private const int Places = 1024;
    private const int OfAll = Places;

    private readonly long[] _counts = new long[Places + 1];
    private readonly int[] _running = new int[Places + 1];

    /// <summary>The place of one database. By its name alone: under how many addresses its server is reached nobody knows.</summary>
    public static int PlaceOf(string database) => (int)((uint)database.GetHashCode(StringComparison.Ordinal) % Places);

    /// <summary>Something was changed.</summary>
    public void Note(int place, ChangeReach reach) => Interlocked.Increment(ref _counts[reach == ChangeReach.Database ? place : OfAll]);

    /// <summary>Something that changes something is sent, or answered.</summary>
    /// <param name="place">Of the database.</param>
    /// <param name="reach">How far it reaches.</param>
    /// <param name="isSent">Sent; else answered.</param>
    public void NoteRunning(int place, ChangeReach reach, bool isSent)
    {
        Interlocked.Add(ref _running[reach == ChangeReach.Database ? place : OfAll], isSent ? 1 : -1);
        Note(place, reach);
    }

    /// <summary>Something that changes something was sent and is not answered: when it is done the upstream alone knows.</summary>
    public bool IsRunning(int place) => Volatile.Read(ref _running[place]) > 0 || Volatile.Read(ref _running[OfAll]) > 0;

    /// <summary>How often something was changed; grows with each change.</summary>
    public long Count(int place) => Volatile.Read(ref _counts[place]) + Volatile.Read(ref _counts[OfAll]);
}

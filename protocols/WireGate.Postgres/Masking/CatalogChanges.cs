namespace WireGate.Postgres.Masking;

/// <summary>
/// How often sessions of this process changed something in a database, and how many are about to: what one login defines, every other may
/// see. Databases share the places where it is counted, so that there is an end to them; then a catalog is read once more than it had to be.
/// </summary>
internal sealed class CatalogChanges
{
    private const int Places = 1024;

    private readonly long[] _counts = new long[Places];
    private readonly int[] _running = new int[Places];

    /// <summary>The places of one database. By its name alone: under how many addresses its server is reached nobody knows.</summary>
    public static int[] PlacesOf(string database) => [(int)((uint)database.GetHashCode(StringComparison.Ordinal) % Places)];

    /// <summary>Something was changed.</summary>
    public void Note(int[] places)
    {
        foreach (int place in places)
        {
            Interlocked.Increment(ref _counts[place]);
        }
    }

    /// <summary>Something that changes something is sent, or answered.</summary>
    /// <param name="places">Of the database.</param>
    /// <param name="isSent">Sent; else answered.</param>
    public void NoteRunning(int[] places, bool isSent)
    {
        foreach (int place in places)
        {
            Interlocked.Add(ref _running[place], isSent ? 1 : -1);
        }

        Note(places);
    }

    /// <summary>Something that changes something was sent and is not answered: when it is done the upstream alone knows.</summary>
    public bool IsRunning(int[] places) => places.Any(place => Volatile.Read(ref _running[place]) > 0);

    /// <summary>How often something was changed; grows with each change.</summary>
    public long Count(int[] places)
    {
        long count = 0;
        foreach (int place in places)
        {
            count += Volatile.Read(ref _counts[place]);
        }

        return count;
    }
}

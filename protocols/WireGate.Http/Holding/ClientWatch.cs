namespace WireGate.Http.Holding;

/// <summary>Knows when a client that waits is gone.</summary>
internal abstract class ClientWatch
{
    /// <summary>Begins.</summary>
    /// <returns>Completes when the client is gone, or its session has ended.</returns>
    public abstract Task Begin();

    /// <summary>Ends it: the next who reads gets all that has come. Continues on the loop.</summary>
    public abstract ValueTask EndAsync();
}

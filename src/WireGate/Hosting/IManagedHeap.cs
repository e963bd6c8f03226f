namespace WireGate.Hosting;

/// <summary>The memory that the runtime manages.</summary>
internal interface IManagedHeap
{
    /// <summary>Bytes that were made since the process began.</summary>
    long Made { get; }

    /// <summary>Bytes that are free and still the process's, by the last collection of a kind.</summary>
    long FreeOf(GCKind collection);

    /// <summary>Collects garbage, while the loops go on.</summary>
    void Collect();

    /// <summary>Gives back what is free, for which the loops stop.</summary>
    void GiveBack();
}

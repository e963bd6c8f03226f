namespace WireGate.Postgres.Masking;

/// <content>What it takes in memory.</content>
internal sealed partial class Taint
{
    // An object with the sets and tables that it has, and an entry of one of them, which may have grown just now.
    private const int Constant = 1024;
    private const int PerEntry = 48;

    /// <summary>Bytes, about, of what is known when it is made; names that are asked for later add to it.</summary>
    public long Weight => Constant + ((long)PerEntry
        * (_names.Count + _known.Count + _wholeRows.Count + _hidden.Count + _relations.Count + _columns.Count + _found.Count));
}

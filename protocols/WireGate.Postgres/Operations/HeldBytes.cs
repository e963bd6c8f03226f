using System.Buffers.Binary;

namespace WireGate.Postgres.Operations;

/// <summary>The exact bytes of an operation that is held.</summary>
/// <param name="Sql">The text.</param>
/// <param name="Types">The parameter types of its Parse, as they came; empty: none were given.</param>
/// <param name="Bound">What its Bind had behind the names: formats, values, result formats; empty: nothing is bound.</param>
internal sealed record HeldBytes(byte[] Sql, byte[] Types, byte[] Bound)
{
    /// <summary>Bytes that can be held: people read a statement, not a load of data.</summary>
    public const int Most = 1024 * 1024;

    /// <summary>
    /// Bytes that all names of a session together can hold, of texts and of what is known of them each: drivers keep some hundred statements
    /// of some kilobytes, and a session that held <see cref="Most"/> for each of its <see cref="NameTable.Most"/> names would hold ten
    /// gigabytes.
    /// </summary>
    public const int MostOfSession = 16 * 1024 * 1024;

    /// <summary>Bytes of it.</summary>
    public int Length => Sql.Length + Types.Length + Bound.Length;

    // Int16 count of formats | Int16 each | Int16 count of values | …
    /// <summary>Whether values are bound: without, the text alone says what it does.</summary>
    public bool HasValues
    {
        get
        {
            if (Bound.Length < sizeof(short))
            {
                return false;
            }

            int at = sizeof(short) + (BinaryPrimitives.ReadUInt16BigEndian(Bound) * sizeof(short));
            return Bound.Length < at + sizeof(short) || BinaryPrimitives.ReadUInt16BigEndian(Bound.AsSpan(at)) > 0;
        }
    }
}

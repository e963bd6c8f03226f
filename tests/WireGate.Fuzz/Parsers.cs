using NUnit.Framework;
using WireGate.Core.Framing;

namespace WireGate.Fuzz;

/// <summary>
/// What is asked of every parser: whatever arrives, it gives a value, <c>false</c> or a <see cref="ProtocolException"/>, and takes no more
/// memory than a hundred times what arrived.
/// </summary>
internal static class Parsers
{
    private const int Inputs = 20_000;

    // Objects that any input costs: a packet, its parameters, an exception with its stack trace.
    private const int Constant = 64 * 1024;
    private const int Amplification = 100;

    /// <summary>Gives a parser variations of valid input.</summary>
    /// <param name="seed">Of the variations.</param>
    /// <param name="seeds">The first is taken as it is: of input that the parser refuses anyhow nothing but refusals would come.</param>
    /// <param name="parse">It.</param>
    public static void Vary(int seed, byte[][] seeds, Action<byte[]> parse)
    {
        Assert.That(() => parse([.. seeds[0]]), Throws.Nothing, "the first seed is valid");
        foreach (byte[] input in Mutations.Of(seed, seeds).Take(Inputs))
        {
            Bounded(input, parse);
        }
    }

    /// <summary>Gives a parser one input.</summary>
    public static void Bounded(byte[] input, Action<byte[]> parse)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Either(() => parse(input));
        }
        catch (Exception e) when (e is not ProtocolException)
        {
            Assert.Fail($"{Convert.ToHexString(input)}: {e}");
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > (Amplification * (long)input.Length) + Constant)
        {
            Assert.Fail($"{Convert.ToHexString(input)}: {allocated} bytes for {input.Length}");
        }
    }

    /// <summary>Runs one of several parsers of the same input.</summary>
    public static void Either(Action parse)
    {
        try
        {
            parse();
        }
        catch (ProtocolException)
        {
            // One of the answers that a parser may give.
        }
    }
}

namespace WireGate.Fuzz;

/// <summary>Turns valid input into input that a parser has not seen. The same seed gives the same inputs.</summary>
internal static class Mutations
{
    private static readonly byte[] Telling = [0, 1, 3, 4, 5, 0x16, 0x7f, 0x80, 0xff, (byte)',', (byte)'=', (byte)'\\', (byte)' ', (byte)'-', (byte)'@', (byte)'+'];

    /// <summary>Endless variations of <paramref name="seeds"/>, the seeds themselves first.</summary>
    public static IEnumerable<byte[]> Of(int seed, byte[][] seeds)
    {
        foreach (byte[] whole in seeds)
        {
            yield return whole;
        }

        var random = new Random(seed);
        while (true)
        {
            var bytes = new List<byte>(seeds[random.Next(seeds.Length)]);
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                Change(bytes, random, seeds);
            }

            yield return [.. bytes];
        }
    }

    private static void Change(List<byte> bytes, Random random, byte[][] seeds)
    {
        int at = random.Next(bytes.Count + 1);
        switch (random.Next(6))
        {
            case 0 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 1 when at < bytes.Count:
                bytes[at] = Telling[random.Next(Telling.Length)];
                break;
            case 2:
                bytes.Insert(at, Telling[random.Next(Telling.Length)]);
                break;
            case 3:
                bytes.RemoveRange(at, random.Next(bytes.Count - at + 1));
                break;
            case 4:
                bytes.InsertRange(at, Enumerable.Repeat(Telling[random.Next(Telling.Length)], random.Next(64)));
                break;
            default:
                byte[] other = seeds[random.Next(seeds.Length)];
                bytes.InsertRange(at, other.AsSpan(random.Next(other.Length)).ToArray());
                break;
        }
    }
}

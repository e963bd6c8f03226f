namespace WireGate.Ssh.Tests.Keys;

/// <summary>What becomes of good bytes when somebody does mischief with them.</summary>
internal static class Mutations
{
    /// <summary>The same for each run: a failure can be had again.</summary>
    public static IEnumerable<byte[]> Of(byte[] bytes, int count)
    {
        var random = new Random(bytes.Length);
        for (int i = 0; i < count; i++)
        {
            byte[] mutated = bytes.ToArray();
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                int at = random.Next(mutated.Length);
                switch (random.Next(4))
                {
                    case 0:
                        mutated[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        mutated[at] ^= (byte)(1 << random.Next(8));
                        break;
                    case 2:
                        mutated = [.. mutated.AsSpan(0, at), .. mutated.AsSpan(Math.Min(mutated.Length, at + random.Next(1, 5)))];
                        break;
                    default:
                        mutated = [.. mutated.AsSpan(0, at), (byte)random.Next(256), .. mutated.AsSpan(at)];
                        break;
                }

                if (mutated.Length == 0)
                {
                    break;
                }
            }

            yield return mutated;
        }
    }
}
